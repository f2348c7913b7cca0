// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package filelocks

import (
	"testing"

	"github.com/vmware/govmomi/vim25/types"
)

func TestWhoMayOpen(t *testing.T) {
	web, db := types.ManagedObjectReference{Value: "web"}, types.ManagedObjectReference{Value: "db"}
	var l Locks
	l.Lock("/ds/x")
	l.Set(web, map[string]Mode{"/ds/a.iso": Read, "/ds/q.vmdk": Shared, "/ds/web/w.vmdk": Write})
	for _, c := range []struct {
		who    types.ManagedObjectReference
		file   string
		wanted Mode
		want   bool
	}{
		{db, "/ds/a.iso", Read, false}, {db, "/ds/a.iso", Write, true}, {db, "/ds/q.vmdk", Shared, false},
		{db, "/ds/q.vmdk", Write, true}, {db, "/ds/web/w.vmdk", Read, true}, {web, "/ds/web/w.vmdk", Write, false},
		{web, "/ds/x", Read, true}, {db, "/ds/free", Write, false},
	} {
		if got := l.Refuses(c.who, c.file, c.wanted); got != c.want {
			t.Errorf("%s wants %s: %t", c.who.Value, c.file, got)
		}
	}
	if !l.Below("/ds/web") || l.Below("/ds/we") {
		t.Error("directories")
	}
	if l.Unlock("/ds/x"); l.Refuses(web, "/ds/x", Read) {
		t.Error("nobody holds it")
	}
	if l.Set(web, nil); l.Below("/ds/web") {
		t.Error("a domain that is off holds nothing")
	}
}
