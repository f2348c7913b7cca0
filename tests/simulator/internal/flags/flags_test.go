// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package flags

import (
	"bytes"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	for args, message := range map[string]string{
		"":                       "",
		"-kind vcenter -hosts 3": "",
		"-kind x":                "-kind must be one of",
		"-licence x":             "-licence must be one of",
		"-datastores 0":          "at least 1",
		"-kind vcenter -hosts 0": "needs -hosts or -clusters",
		"-host-endpoints auto":   "needs -kind vcenter",
		"-tlscert x":             "go together",
		"more":                   "unexpected argument",
	} {
		var out bytes.Buffer
		_, err := Parse(strings.Fields(args), &out)
		if (err == nil) != (message == "") || err != nil && !strings.Contains(err.Error(), message) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
