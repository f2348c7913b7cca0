// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package apiversion

import (
	_ "embed"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// since.txt says which version of the API each method ("PowerOnVM_Task()"), each
// readable property and each type of virtual device came with; tools/since.py
// writes it.
//
//go:embed since.txt
var sinceText string

// memberSince has "VirtualMachine.layoutEx", "VirtualMachine.ExportVm()" and
// "VirtualDevice.VirtualVmxnet3".
var memberSince = func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(sinceText) {
		f := strings.Fields(line)
		for _, member := range f[2:] {
			m[f[0]+"."+member] = f[1]
		}
	}
	return m
}()

// managedTypes are Go's types of managed objects by the API's names.
var managedTypes = map[string]reflect.Type{
	"VirtualMachine": reflect.TypeFor[mo.VirtualMachine](), "HostSystem": reflect.TypeFor[mo.HostSystem](),
	"Datastore": reflect.TypeFor[mo.Datastore](), "Datacenter": reflect.TypeFor[mo.Datacenter](),
	"Folder": reflect.TypeFor[mo.Folder](), "ComputeResource": reflect.TypeFor[mo.ComputeResource](),
	"ClusterComputeResource": reflect.TypeFor[mo.ClusterComputeResource](),
	"ResourcePool":           reflect.TypeFor[mo.ResourcePool](), "Network": reflect.TypeFor[mo.Network](),
	"ManagedEntity": reflect.TypeFor[mo.ManagedEntity](), "Task": reflect.TypeFor[mo.Task](),
	"ServiceInstance": reflect.TypeFor[mo.ServiceInstance](), "LicenseManager": reflect.TypeFor[mo.LicenseManager](),
	"HostAutoStartManager": reflect.TypeFor[mo.HostAutoStartManager](),
	"HostDatastoreBrowser": reflect.TypeFor[mo.HostDatastoreBrowser](),
	"HostNetworkSystem":    reflect.TypeFor[mo.HostNetworkSystem](), "HostStorageSystem": reflect.TypeFor[mo.HostStorageSystem](),
	"VirtualMachineSnapshot": reflect.TypeFor[mo.VirtualMachineSnapshot](),
}

// Knows tells whether a version has a property path: "runtime.powerState". Paths
// that lead into a type that only its values show are taken as they are.
func (v Version) Knows(kind, path string) bool {
	t := managedTypes[kind]
	for _, name := range strings.Split(path, ".") {
		name, _, _ = strings.Cut(name, "[")
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t == nil || t.Kind() != reflect.Struct {
			return true
		}
		field, owner, ok := fieldNamed(t, name)
		if !ok {
			return false
		}
		if since, ok := memberSince[owner+"."+name]; ok && Newer(since, v.API) {
			return false
		}
		t = field.Type
	}
	return true
}

// fieldNamed finds a property in a type or in those that it extends.
func fieldNamed(t reflect.Type, name string) (reflect.StructField, string, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			if found, owner, ok := fieldNamed(f.Type, name); ok {
				return found, owner, true
			}
			continue
		}
		tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if tag == "" {
			tag, _, _ = strings.Cut(f.Tag.Get("xml"), ",")
		}
		if tag == name {
			return f, t.Name(), true
		}
	}
	return reflect.StructField{}, "", false
}

// Shown divides devices into those that clients of a version can read, and those
// that are newer, with all that is attached to these.
func (v Version) Shown(devices []types.BaseVirtualDevice) (known, hidden []types.BaseVirtualDevice) {
	gone := map[int32]bool{}
	for _, d := range devices {
		since, ok := memberSince["VirtualDevice."+reflect.TypeOf(d).Elem().Name()]
		if device := d.GetVirtualDevice(); ok && Newer(since, v.API) || gone[device.ControllerKey] {
			gone[device.Key] = true
			hidden = append(hidden, d)
		} else {
			known = append(known, d)
		}
	}
	return known, hidden
}
