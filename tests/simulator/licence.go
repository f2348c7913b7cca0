// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"slices"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// freeLicence is the licence of a free ESXi, as its LicenseManager shows it.
var freeLicence = types.LicenseManagerLicenseInfo{
	LicenseKey: "00000-FREE0-00000-00000-00000",
	EditionKey: "esxBasic",
	Name:       "VMware vSphere Hypervisor",
	CostUnit:   "cpuPackage",
	Properties: []types.KeyAnyValue{
		{Key: "feature", Value: types.KeyValue{Key: "vsmp:8", Value: "Up to 8-way virtual SMP"}},
		{Key: "ProductName", Value: "VMware ESX Server"},
	},
}

// applyLicence shows the licence that -licence asks for.
func (s *server) applyLicence() {
	if s.options.Licence != "free" {
		return
	}
	manager, ok := s.registry.Get(*s.content().LicenseManager).(*simulator.LicenseManager)
	if !ok {
		return
	}
	manager.Licenses = []types.LicenseManagerLicenseInfo{freeLicence}
	manager.LicensedEdition = freeLicence.EditionKey
}

// reading are the beginnings of the names of methods that change nothing on a
// host: the free licence allows these, and those of sessions and collectors.
var reading = []string{"Retrieve", "Query", "Find", "Fetch", "Wait", "Check", "Continue", "Current", "Validate",
	"SearchDatastore", "Read", "Browse", "Decode", "Acquire", "SessionIsActive", "Login", "Logout", "Cancel", "Terminate"}

// collecting are the types whose methods change nothing but themselves.
var collecting = []string{"PropertyCollector", "PropertyFilter", "ViewManager", "ContainerView", "ListView",
	"SessionManager", "EventHistoryCollector", "TaskHistoryCollector"}

// unlicensed is the fault of a write on a host with the free licence.
func (s *server) unlicensed(m *simulator.Method) types.BaseMethodFault {
	if s.options.Licence != "free" || slices.Contains(collecting, m.This.Type) ||
		slices.ContainsFunc(reading, func(begin string) bool { return strings.HasPrefix(m.Name, begin) }) {
		return nil
	}
	return new(types.RestrictedVersion)
}
