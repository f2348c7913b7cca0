// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmx"
)

// agentType marks the machines that a cluster runs for itself (vCLS).
const agentType = "cluster-agent"

// agentVMX is the place of their VMX file: in no datastore.
const agentVMX = "[] /var/run/crx/infra/%[1]s/%[1]s.vmx"

func (d *domain) isAgent() bool {
	return d.Config.ManagedBy != nil && d.Config.ManagedBy.Type == agentType
}

// addAgents gives each cluster its vCLS machines. They run, have no disk in a
// datastore, and cannot be moved or changed.
func (s *server) addAgents(hosts []*simulator.HostSystem) error {
	made := map[types.ManagedObjectReference]int{}
	for _, h := range hosts {
		if h.Parent.Type != "ClusterComputeResource" || made[*h.Parent] >= s.options.VCLS {
			continue
		}
		made[*h.Parent]++
		id := uuid.NewSHA1(uuid.NameSpaceURL, []byte(h.Parent.Value+h.Name))
		at, fault := s.placeFor(nil, &h.Self)
		if fault != nil {
			return errorOf(fault)
		}
		name := "vCLS-" + id.String()
		read, fault := s.agentSettings(name, id)
		if fault != nil {
			return errorOf(fault)
		}
		// the library wants a datastore for a new machine
		path := fmt.Sprintf("[%s] %s/%s.vmx", s.volumes[0].name, name, name)
		vm, fault := s.addDomain(s.context, s.domainFolder(h), path, read, at)
		if fault != nil {
			return errorOf(fault)
		}
		s.hideAgent(vm, fmt.Sprintf(agentVMX, id))
		switchOn(vm)
		startedOn(vm, h)
	}
	return nil
}

// agentSettings are what a machine would be by its VMX file.
func (s *server) agentSettings(name string, id uuid.UUID) (*vmx.Settings, types.BaseMethodFault) {
	text := fmt.Sprintf("config.version = \"8\"\nvirtualHW.version = \"%d\"\ndisplayName = \"%s\"\nguestOS = \"crxpod1-64\"\n"+
		"uuid.bios = \"%s\"\nmemsize = \"128\"\nnumvcpus = \"1\"\n", s.version.Hardware, name, vmx.FormatUUID(id))
	f, err := vmx.Parse(text)
	if err != nil {
		return nil, &types.SystemErrorFault{Reason: err.Error()}
	}
	return vmx.Read(f, "[] /x/x.vmx", s.namesIn("[] /x/x.vmx").Read)
}

// hideAgent takes a machine off the datastore, and shows who manages it.
func (s *server) hideAgent(vm *simulator.VirtualMachine, path string) {
	d := &domain{vm, s}
	for _, ref := range vm.Datastore {
		if ds, ok := s.registry.Get(ref).(*simulator.Datastore); ok {
			d.listIn(s.context, ds, "vm", &ds.Vm, false)
		}
	}
	vm.Datastore = nil
	vm.Config.Files.VmPathName, vm.Summary.Config.VmPathName = path, path
	vm.Config.ManagedBy = &types.ManagedByInfo{ExtensionKey: "VirtualCenter", Type: agentType}
	vm.Summary.Config.ManagedBy = vm.Config.ManagedBy
}

// ofAgent is the fault of a call that would change a vCLS machine.
func (s *server) ofAgent(m *simulator.Method) types.BaseMethodFault {
	vm, ok := s.registry.Get(m.This).(*simulator.VirtualMachine)
	if !ok || !(&domain{vm, s}).isAgent() {
		return nil
	}
	if strings.HasSuffix(m.Name, "_Task") || strings.HasPrefix(m.Name, "Unregister") || strings.HasSuffix(m.Name, "Guest") {
		return &types.MethodDisabled{Source: "VirtualCenter"}
	}
	return nil
}
