// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"testing"
	"time"

	"esx-simulator/internal/flags"
)

func TestQuestions(t *testing.T) {
	q, ok := parseQuestion("moved:cancelable:delay=500")
	if !ok || !q.cancelable || q.delay != 500*time.Millisecond || q.kind.index != 2 {
		t.Errorf("%+v", q)
	}
	if _, ok := parseQuestion(""); ok {
		t.Error("no text is no question")
	}
}

func TestTheFreeLicenceReads(t *testing.T) {
	s := &server{options: flags.Options{Licence: "free"}}
	for name, free := range map[string]bool{
		"RetrievePropertiesEx": true, "FindByUuid": true, "Login": true, "SearchDatastore_Task": true,
		"PowerOnVM_Task": false, "RegisterVM_Task": false, "MakeDirectory": false, "UpdateOptions": false,
	} {
		if got := s.unlicensed(method(name)) == nil; got != free {
			t.Errorf("%s: %t", name, got)
		}
	}
}
