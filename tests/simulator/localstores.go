// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
)

// addLocalDatastores gives each host datastores that no other has, with the names
// that a vCenter gives where all hosts call theirs "datastore1"; and shows the
// shared ones in each datacenter as what they are.
func (s *server) addLocalDatastores(hosts []*simulator.HostSystem) error {
	for n := range s.options.LocalDatastores {
		for i, h := range hosts {
			name := fmt.Sprintf("datastore%d", n+1)
			if i > 0 {
				name += fmt.Sprintf(" (%d)", i)
			}
			if err := s.addDatastores([]string{name}, []*simulator.HostSystem{h}); err != nil {
				return err
			}
		}
	}
	for _, e := range s.registry.All("Datastore") {
		ds, ok := e.(*simulator.Datastore)
		if !ok {
			continue
		}
		if v := s.volumeNamed(ds.Name); v != nil && v.ref != ds.Self {
			v.describe(ds)
		}
	}
	return nil
}

// firstVolume is where the domains of a host are made.
func (s *server) firstVolume(h *simulator.HostSystem) volume {
	for _, v := range s.volumes {
		if s.datastoreAt(h, v.name) != nil {
			return v
		}
	}
	return s.volumes[0]
}

// datastoresFor are the datastores of files as the datacenter of a host knows
// them; each datacenter has an object of its own for a datastore that it shares.
func (s *server) datastoresFor(host *types.ManagedObjectReference, files []string) (refs []types.ManagedObjectReference) {
	h, _ := s.registry.Get(*host).(*simulator.HostSystem)
	for _, file := range files {
		var p object.DatastorePath
		if !p.FromString(file) || h == nil {
			continue
		}
		if ds := s.datastoreAt(h, p.Datastore); ds != nil && simulator.FindReference(refs, ds.Self) == nil {
			refs = append(refs, ds.Self)
		}
	}
	return refs
}

// stemOf is the name of a file without its directory and its ending.
func stemOf(file string) string {
	name := dspath.Base(file)
	return strings.TrimSuffix(name, path.Ext(name))
}
