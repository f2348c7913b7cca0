// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/vmdk"
	"esx-simulator/internal/vmx"
)

// build makes the inventory: the library makes hosts and folders, we add
// datastores and domains.
func (s *server) build() error {
	o := s.options
	s.model = simulator.ESX()
	if o.Kind == "vcenter" {
		s.model = simulator.VPX()
		s.model.Datacenter = o.Datacenters
		s.model.Host, s.model.Cluster, s.model.ClusterHost = o.Hosts, o.Clusters, o.ClusterHosts
	}
	s.model.Machine, s.model.Datastore, s.model.Portgroup = 0, 0, o.Portgroups
	s.model.ServiceContent.About = s.about(s.model.ServiceContent.About, o.Kind)
	giveCPUs()
	esx.HardwareVersion = fmt.Sprintf("vmx-%02d", s.version.Hardware)
	if err := s.model.Create(); err != nil {
		return err
	}
	s.service, s.context = s.model.Service, s.model.Service.Context
	s.registry = s.context.Map
	s.tellApart()
	s.sessions = &sessions{
		registry: s.registry, context: s.context, idle: o.IdleTimeout, used: map[string]time.Time{},
		views: map[string]*hostView{}, early: map[string]string{}}
	s.service.Listen = new(url.URL)
	if o.Username != "" {
		s.service.Listen.User = url.UserPassword(o.Username, o.Password)
	}
	s.service.RegisterSDK(s.registry, "/sdk/vimService")
	return s.complete(s.hosts())
}

// complete gives the hosts what the library leaves out, and adds the domains.
func (s *server) complete(hosts []*simulator.HostSystem) error {
	for _, h := range hosts {
		s.completeHost(h)
	}
	s.completeSwitches()
	if err := s.addNetworks(hosts); err != nil {
		return err
	}
	if err := s.addDatastores(s.options.DatastoreNames(), hosts); err != nil {
		return err
	}
	if err := s.addLocalDatastores(hosts); err != nil {
		return err
	}
	if err := s.addViews(hosts); err != nil {
		return err
	}
	s.applyLicence()
	s.addCollector()
	s.registry.AddHandler(&taskGuard{s})
	s.registry.AddHandler(&domainWatch{s})
	s.networks.building = true
	if err := s.addDomains(hosts); err != nil {
		return err
	}
	if err := s.addAgents(hosts); err != nil {
		return err
	}
	for i := range s.volumes {
		s.measure(s.context, &s.volumes[i])
	}
	s.countAllNetworks()
	s.registry.Handler = s.dispatch
	return s.openTrace()
}

func (s *server) openTrace() (err error) {
	if s.options.TraceFile != "" {
		s.trace.File, err = os.Create(s.options.TraceFile)
	}
	return err
}

// about is what a server of a kind says of itself, made of the library's answer.
func (s *server) about(a types.AboutInfo, kind string) types.AboutInfo {
	a.Version, a.Build, a.ApiVersion = s.version.ESX, s.version.Build, s.version.API
	switch {
	case kind == "vcenter":
		a.Version = s.version.VPX
	case s.options.Product == "gsx":
		a.Name, a.Version, a.ProductLineId, a.OsType = "VMware Server", "2.0.0", "gsx", "linux-x86"
		a.LicenseProductName, a.LicenseProductVersion = "VMware Server", "2.0"
	case s.version.Name == "2.5":
		a.Name, a.ProductLineId = "VMware ESX Server", "esx"
	}
	a.FullName = fmt.Sprintf("%s %s build-%s", a.Name, a.Version, a.Build)
	return a
}

// hosts are the hosts in the order of their names, those of clusters last.
func (s *server) hosts() (list []*simulator.HostSystem) {
	for _, e := range s.registry.All("HostSystem") {
		list = append(list, e.(*simulator.HostSystem))
	}
	slices.SortFunc(list, func(a, b *simulator.HostSystem) int {
		return cmp.Or(cmp.Compare(a.Parent.Type, b.Parent.Type)*-1, cmp.Compare(a.Name, b.Name))
	})
	return list
}

// A modelDomain is a domain that the simulator starts with.
type modelDomain struct {
	host *simulator.HostSystem
	name string
	vmx  string
	read *vmx.Settings
}

// addDomains makes the domains that a simulator starts with. Their files are
// made and read as those of any other domain, several at a time.
func (s *server) addDomains(hosts []*simulator.HostSystem) error {
	var list []modelDomain
	for _, h := range hosts {
		for range s.options.Domains {
			name := fmt.Sprintf("domain-%d", len(list)+1)
			list = append(list, modelDomain{host: h, name: name, vmx: fmt.Sprintf("[%s] %s/%s.vmx", s.firstVolume(h).name, name, name)})
		}
	}
	err := together(len(list), func(n int) error {
		d := &list[n]
		if err := s.writeModelFiles(s.firstVolume(d.host).dir, d.name, n+1); err != nil {
			return err
		}
		read, fault := s.readDomain(d.vmx)
		if fault != nil {
			return errorOf(fault)
		}
		d.read = read
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := s.addModelDomain(d); err != nil {
			return err
		}
	}
	return nil
}

// addModelDomain adds one of them to the inventory.
func (s *server) addModelDomain(d modelDomain) error {
	at, fault := s.placeFor(nil, &d.host.Self)
	if fault != nil {
		return errorOf(fault)
	}
	vm, fault := s.addDomain(s.context, s.domainFolder(d.host), d.vmx, d.read, at)
	if fault != nil {
		return errorOf(fault)
	}
	if s.options.Autostart {
		switchOn(vm)
		s.lockFiles(vm)
		startedOn(vm, d.host)
		s.count(s.context, &vm.VirtualMachine)
	}
	return nil
}

// together does something for each number below n, several at a time, and returns
// the errors.
func together(n int, do func(int) error) error {
	const workers = 8
	errs, numbers := make([]error, n), make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range numbers {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	all.Wait()
	return errors.Join(errs...)
}

// domainFolder is the folder of the domains in a host's datacenter.
func (s *server) domainFolder(h *simulator.HostSystem) *simulator.Folder {
	return s.registry.Get(s.datacenterOf(&h.HostSystem).VmFolder).(*simulator.Folder)
}

// datacenterOf is the datacenter of a host; there is always one.
func (s *server) datacenterOf(h *mo.HostSystem) *simulator.Datacenter {
	for ref := h.Parent; ref != nil; {
		switch o := s.registry.Get(*ref).(type) {
		case *simulator.Datacenter:
			return o
		case mo.Entity:
			ref = o.Entity().Parent
		default:
			return nil
		}
	}
	return nil
}

// switchOn sets what PowerOnVM_Task sets, before there are clients.
func switchOn(vm *simulator.VirtualMachine) {
	now := time.Now()
	vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOn
	vm.Summary.Runtime.PowerState = vm.Runtime.PowerState
	vm.Runtime.BootTime, vm.Summary.Runtime.BootTime = &now, &now
	for _, d := range vm.Config.Hardware.Device {
		if c := d.GetVirtualDevice().Connectable; c != nil {
			c.Connected = c.StartConnected
		}
	}
}

// startedOn notes the CPU that a running domain needs from now on.
func startedOn(vm *simulator.VirtualMachine, h *simulator.HostSystem) {
	vm.Runtime.MinRequiredEVCModeKey = h.Summary.MaxEVCModeKey
	vm.Summary.Runtime.MinRequiredEVCModeKey = h.Summary.MaxEVCModeKey
}

// modelVMX is the file of a domain that the simulator starts with.
const modelVMX = `.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "%[1]d"
displayName = "%[2]s"
guestOS = "other-64"
uuid.bios = "%[3]s"
nvram = "%[2]s.nvram"
memsize = "1024"
numvcpus = "1"
scsi0.present = "TRUE"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "TRUE"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "%[2]s.vmdk"
ide1:0.present = "TRUE"
ide1:0.deviceType = "atapi-cdrom"
ide1:0.fileName = "/vmfs/devices/cdrom/mpx.vmhba0:C0:T0:L0"
ide1:0.startConnected = "FALSE"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "e1000"
ethernet0.networkName = "VM Network"
ethernet0.addressType = "generated"
ethernet0.generatedAddress = "00:0c:29:%02[4]x:%02[5]x:%02[6]x"
floppy0.present = "FALSE"
tools.syncTime = "FALSE"
`

// writeModelFiles writes the files of a domain: its VMX and its disk.
func (s *server) writeModelFiles(volume, name string, n int) error {
	dir := filepath.Join(volume, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	id := uuid.NewSHA1(uuid.NameSpaceURL, []byte("esx-simulator/"+name))
	text := fmt.Sprintf(modelVMX, s.version.Hardware, name, vmx.FormatUUID(id), n>>16&0xff, n>>8&0xff, n&0xff)
	if err := os.WriteFile(filepath.Join(dir, name+".vmx"), []byte(text), 0o600); err != nil {
		return err
	}
	return vmdk.Create(filepath.Join(dir, name+".vmdk"), 8<<30, "thin", "lsilogic")
}
