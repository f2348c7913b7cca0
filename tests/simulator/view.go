// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// A hostView is one host of a vCenter as clients see it that connect to the
// host itself, at an address of its own. It is the same inventory: what the
// vCenter migrates away is gone here at once.
//
// The view has a service instance, a root folder and a datacenter of its own,
// whose folders show just this host. They are in the vCenter's registry, where
// nothing leads to them; host, domains, datastores and networks are the
// vCenter's own objects.
type hostView struct {
	s       *server
	host    *simulator.HostSystem
	address string // where it listens: "127.0.0.2" or "127.0.0.1:8444"
	path    string // the library tells views apart by the path of the URL

	service   types.ManagedObjectReference
	center    types.ManagedObjectReference // its datacenter
	root      *simulator.Folder
	domains   *simulator.Folder
	inventory *simulator.Folder // the vCenter's folder of domains, for new ones
}

// listenOn is the address and port of the view's listener.
func (v *hostView) listenOn(port int) string {
	if _, _, err := net.SplitHostPort(v.address); err == nil {
		return v.address
	}
	return net.JoinHostPort(v.address, strconv.Itoa(port))
}

// addViews makes a view of each host, if -host-endpoints asks for it.
func (s *server) addViews(hosts []*simulator.HostSystem) error {
	addresses, err := endpointAddresses(s.options.HostEndpoints, len(hosts))
	if err != nil {
		return err
	}
	for i, address := range addresses {
		s.addView(hosts[i], address)
	}
	if s.options.Kind == "vcenter" && addresses == nil {
		addresses, _ = endpointAddresses("auto", len(hosts))
		for i, address := range addresses {
			setAddress(hosts[i], address)
		}
	}
	return nil
}

// viewOf is the endpoint of a host, or nil.
func (s *server) viewOf(h *simulator.HostSystem) *hostView {
	for _, v := range s.views {
		if v.host == h {
			return v
		}
	}
	return nil
}

// setAddress is how FindByIp finds a host.
func setAddress(h *simulator.HostSystem, address string) {
	for i := range h.Config.Network.Vnic {
		if ip := h.Config.Network.Vnic[i].Spec.Ip; ip != nil {
			ip.IpAddress = address
		}
	}
}

func (s *server) addView(h *simulator.HostSystem, address string) {
	v := &hostView{s: s, host: h, address: address, path: "/sdk/" + h.Self.Value, inventory: s.domainFolder(h)}
	if ip, _, err := net.SplitHostPort(address); err == nil {
		address = ip
	}
	setAddress(h, address)
	v.addFolders()
	s.views = append(s.views, v)

	content := esx.ServiceContent
	content.About = s.esxAbout()
	content.RootFolder = v.root.Self
	v.shareManagers(&content)
	v.service = types.ManagedObjectReference{Type: "ServiceInstance", Value: "ServiceInstance-" + h.Self.Value}
	s.registry.Put(&simulator.ServiceInstance{ServiceInstance: mo.ServiceInstance{Self: v.service, Content: content}})

	r := simulator.NewRegistry()
	r.Path = v.path
	r.Put(&simulator.ServiceInstance{ServiceInstance: mo.ServiceInstance{Self: vim25.ServiceInstance, Content: content}})
	r.Handler = v.dispatch
	s.service.RegisterSDK(r)
}

// shareManagers puts the vCenter's managers in place of those that a host has.
func (v *hostView) shareManagers(c *types.ServiceContent) {
	shared := v.s.content()
	c.PropertyCollector, c.ViewManager, c.SessionManager = shared.PropertyCollector, shared.ViewManager, shared.SessionManager
	c.SearchIndex, c.FileManager, c.VirtualDiskManager = shared.SearchIndex, shared.FileManager, shared.VirtualDiskManager
	c.TaskManager, c.EventManager, c.LicenseManager = shared.TaskManager, shared.EventManager, shared.LicenseManager
	c.PerfManager, c.AuthorizationManager, c.UserDirectory = shared.PerfManager, shared.AuthorizationManager, shared.UserDirectory
	c.Setting, c.ServiceManager, c.DiagnosticManager = shared.Setting, shared.ServiceManager, shared.DiagnosticManager
	c.OvfManager, c.GuestOperationsManager = shared.OvfManager, shared.GuestOperationsManager
	for _, own := range []**types.ManagedObjectReference{&c.AccountManager, &c.DatastoreNamespaceManager, &c.DvSwitchManager,
		&c.LocalizationManager, &c.StorageResourceManager, &c.VStorageObjectManager, &c.CryptoManager} {
		*own = nil
	}
}

// addFolders makes root, datacenter and the four folders of the view.
func (v *hostView) addFolders() {
	ref := func(kind, name string) types.ManagedObjectReference {
		return types.ManagedObjectReference{Type: kind, Value: name + "-" + v.host.Self.Value}
	}
	add := func(name, label, child string, parent *types.ManagedObjectReference, children ...types.ManagedObjectReference) *simulator.Folder {
		f := &simulator.Folder{}
		f.Self, f.Name, f.Parent, f.ChildType, f.ChildEntity = ref("Folder", name), label, parent, []string{child}, children
		v.s.registry.Put(f)
		return f
	}
	dc := &simulator.Datacenter{}
	dc.Self, dc.Name = ref("Datacenter", "ha-datacenter"), "ha-datacenter"
	v.root = add("ha-folder-root", "ha-folder-root", "Datacenter", nil, dc.Self)
	v.center, dc.Parent = dc.Self, &v.root.Self
	v.domains = add("ha-folder-vm", "vm", "VirtualMachine", &dc.Self)
	compute := v.s.computeResource(*v.host.Parent)
	dc.HostFolder = add("ha-folder-host", "host", "ComputeResource", &dc.Self, compute.Self).Self
	dc.DatastoreFolder = add("ha-folder-datastore", "datastore", "Datastore", &dc.Self, compute.Datastore...).Self
	dc.NetworkFolder = add("ha-folder-network", "network", "Network", &dc.Self, compute.Network...).Self
	dc.VmFolder, dc.Datastore, dc.Network = v.domains.Self, compute.Datastore, compute.Network
	v.s.registry.Put(dc)
}

// <_this type="ServiceInstance">ServiceInstance</_this>
var instanceValue = regexp.MustCompile(`(type="ServiceInstance"[^>]*>)ServiceInstance<`)

// request makes a request to the well-known service instance one to the view's.
func (v *hostView) request(body []byte) []byte {
	v.refresh()
	return instanceValue.ReplaceAll(body, []byte("${1}"+v.service.Value+"<"))
}

// answer is the other direction of request.
func (v *hostView) answer(body []byte) []byte {
	return bytes.ReplaceAll(body, []byte(">"+v.service.Value+"<"), []byte(">ServiceInstance<"))
}

// refresh brings the folder of domains up to date with the host.
func (v *hostView) refresh() {
	own := *v.s.context
	var now []types.ManagedObjectReference
	own.WithLock(v.host, func() { now = slices.Clone(v.host.Vm) })
	own.WithLock(v.domains, func() {
		if !slices.Equal(now, v.domains.ChildEntity) {
			own.Update(v.domains, []types.PropertyChange{{Name: "childEntity", Val: now}})
		}
	})
}

// vcenterOnly are the methods that a host does not have.
var vcenterOnly = []string{"MigrateVM_Task", "RelocateVM_Task", "CloneVM_Task", "ValidateMigration", "SessionIsActive",
	"CreateCollectorForTasks"}

// dispatch is the hook of the view's registry: from here on the call is one of
// the vCenter's registry.
func (v *hostView) dispatch(ctx *simulator.Context, m *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	ctx.Map = v.s.registry
	if slices.Contains(vcenterOnly, m.Name) {
		return nil, new(types.NotSupported)
	}
	if m.This == v.domains.Self && strings.HasSuffix(m.Name, "VM_Task") {
		m.This = v.inventory.Self // a new domain is the vCenter's, too
	}
	for _, ref := range datacentersOf(m) { // a host does not need to be told
		if *ref == nil {
			*ref = &v.center
		}
	}
	if index, ok := v.s.registry.Get(m.This).(*simulator.SearchIndex); ok && ctx.Session != nil {
		return serve(ctx, &searchIndex{index, v.s, v}), nil
	}
	o, fault := v.s.dispatchAt(ctx, m, v)
	if o == nil && fault == nil && ctx.Session == nil {
		o = v.s.registry.Get(m.This)
	}
	return o, fault
}

// shows tells whether an object is one that the host knows.
func (v *hostView) shows(ref types.ManagedObjectReference) bool {
	switch o := v.s.registry.Get(ref).(type) {
	case *simulator.VirtualMachine:
		return o.Runtime.Host != nil && *o.Runtime.Host == v.host.Self
	case *simulator.HostSystem:
		return o.Self == v.host.Self
	}
	return true
}
