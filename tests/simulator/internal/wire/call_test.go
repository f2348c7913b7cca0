// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import "testing"

func TestWhatACallCalls(t *testing.T) {
	c := CallOf([]byte(`<?xml version="1.0"?><soapenv:Envelope><soapenv:Body><RetrieveProperties xmlns="urn:vim25">` +
		`<_this versionId="x" type="PropertyCollector">pc</_this><specSet><propSet><type>Task</type>` +
		`<pathSet>info.state</pathSet><pathSet>info.error</pathSet></propSet></specSet></RetrieveProperties>`))
	if c.Method != "RetrieveProperties" || c.Kind != "PropertyCollector" || c.Object != "pc" || len(c.Paths) != 2 {
		t.Errorf("%+v", c)
	}
}
