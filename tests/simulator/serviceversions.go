// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"net/http"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// serviceVersions is /sdk/vimServiceVersions.xml, which servers have since 2.5u2.
func (s *server) serviceVersions(w http.ResponseWriter, _ *http.Request) {
	if s.version.Name == "2.5" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<namespaces version=\"1.0\">\n <namespace>\n"+
		"  <name>urn:vim25</name>\n  <version>%s</version>\n  <priorVersions>\n", s.version.API)
	for _, name := range s.version.Prior() {
		fmt.Fprintf(w, "   <version>%s</version>\n", name)
	}
	fmt.Fprint(w, "  </priorVersions>\n </namespace>\n</namespaces>\n")
}

// specsOf are the property paths that a call names.
func specsOf(body types.AnyType) []types.PropertyFilterSpec {
	switch r := body.(type) {
	case *types.RetrieveProperties:
		return r.SpecSet
	case *types.RetrievePropertiesEx:
		return r.SpecSet
	case *types.CreateFilter:
		return []types.PropertyFilterSpec{r.Spec}
	}
	return nil
}

// unknownProperty is the fault of a call that asks for a property that the
// server's version does not have: a host refuses the whole call.
func (s *server) unknownProperty(m *simulator.Method) types.BaseMethodFault {
	for _, spec := range specsOf(m.Body) {
		for _, p := range spec.PropSet {
			for _, path := range p.PathSet {
				if !s.version.Knows(p.Type, path) {
					return &types.InvalidProperty{Name: path}
				}
			}
		}
	}
	return nil
}
