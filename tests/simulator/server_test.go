// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// method is a call of a virtual machine's method.
func method(name string) *simulator.Method {
	return &simulator.Method{Name: name, This: types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-1"}}
}

// startServer makes a server from a command line, and a client of it.
func startServer(t *testing.T, args string) (*server, *httptest.Server) {
	t.Helper()
	o, err := parseFlags(strings.Fields(args), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.handler(nil))
	t.Cleanup(func() { h.Close(); s.remove() })
	return s, h
}

func connect(t *testing.T, h *httptest.Server) *vim25.Client {
	t.Helper()
	u, _ := url.Parse(h.URL + "/sdk")
	transport := soap.NewClient(u, true)
	transport.Version = "6.5" // by itself it asks for the newest, whatever the server is
	c, err := vim25.NewClient(context.Background(), transport)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.NewManager(c).Login(context.Background(), url.UserPassword("root", "secret")); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheModelIsAsTheFlagsSay(t *testing.T) {
	s, h := startServer(t, "-kind vcenter -hosts 2 -clusters 1 -cluster-hosts 2 -domains 2 -datastores 2 -datastore-name x")
	c := connect(t, h)
	vms, err := find.NewFinder(c).VirtualMachineList(context.Background(), "/DC0/vm/*")
	if err != nil || len(vms) != 8 {
		t.Errorf("%d domains, %v", len(vms), err)
	}
	if names := s.options.datastoreNames(); len(s.volumes) != 2 || names[1] != "x-2" || s.volumes[1].uuid == s.volumes[0].uuid {
		t.Errorf("%v %+v", names, s.volumes)
	}
}

// TestDevicesAreThoseOfTheVersion looks at what each domain has, and what no client
// of 2.5 can read.
func TestDevicesAreThoseOfTheVersion(t *testing.T) {
	for version, want := range map[string]bool{"2.5": false, "4.0": true, "8.0": true} {
		s, _ := startServer(t, "-domains 1 -version "+version)
		vm := s.registry.Any("VirtualMachine").(*simulator.VirtualMachine)
		devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
		if got := len(devices.SelectByType((*types.VirtualMachineVMCIDevice)(nil))) > 0; got != want {
			t.Errorf("%s: %v", version, got)
		}
		if len(devices.SelectByType((*types.VirtualPCIController)(nil))) != 1 {
			t.Errorf("%s: %v", version, devices)
		}
	}
}

func TestFilesGoWithTheServer(t *testing.T) {
	s, _ := startServer(t, "")
	s.remove()
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestUploadsOfOneFileAtTheSameTime(t *testing.T) {
	s, _ := startServer(t, "-domains 0 -username root -password secret")
	dir := filepath.Join(s.volumes[0].dir, "web")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	statuses := make([]int, 32)
	var group sync.WaitGroup
	for n := range statuses {
		text := strings.Repeat(fmt.Sprintf("%02d", n), 50_000)
		group.Go(func() {
			r := httptest.NewRequest(http.MethodPut, "/folder/web/web.vmx?dsName=local-storage", strings.NewReader(text))
			r.SetBasicAuth("root", "secret")
			w := httptest.NewRecorder()
			s.handler(nil).ServeHTTP(w, r)
			statuses[n] = w.Code
		})
	}
	group.Wait()
	for n, status := range statuses {
		if status != http.StatusOK && status != http.StatusCreated {
			t.Errorf("upload %d: %d", n, status)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "web.vmx"))
	if err != nil || string(text) != strings.Repeat(string(text[:2]), 50_000) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	for _, dir := range []string{s.dir, dir} {
		if found, _ := os.ReadDir(dir); len(found) != 1 {
			t.Errorf("%s has %v", dir, found)
		}
	}
}

// TestManyClients does everything at once. Run it with -race, and for longer with
// SIMULATOR_STRESS=20s.
func TestManyClients(t *testing.T) {
	_, h := startServer(t, "-kind vcenter -hosts 3 -domains 2")
	duration, err := time.ParseDuration(os.Getenv("SIMULATOR_STRESS"))
	if err != nil {
		duration = time.Second
	}
	end := time.Now().Add(duration)
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() { newStress(t, connect(t, h), n).run(end) })
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(duration + 30*time.Second):
		t.Fatal("the clients hang")
	}
	checkLists(t, connect(t, h))
}

// checkLists sees that each domain is in the list of one host.
func checkLists(t *testing.T, c *vim25.Client) {
	ctx := context.Background()
	hosts, err := find.NewFinder(c).HostSystemList(ctx, "/DC0/host/*/*")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[types.ManagedObjectReference]int{}
	for _, host := range hosts {
		var props mo.HostSystem
		if err := host.Properties(ctx, host.Reference(), []string{"vm"}, &props); err != nil {
			t.Fatal(err)
		}
		for _, ref := range props.Vm {
			seen[ref]++
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d domains on hosts", len(seen))
	}
	for ref, n := range seen {
		if n != 1 {
			t.Errorf("%s is on %d hosts", ref, n)
		}
	}
}

// stress is one client that does things at random.
type stress struct {
	t      *testing.T
	client *vim25.Client
	random *rand.Rand
	vms    []*object.VirtualMachine
	hosts  []*object.HostSystem
}

func newStress(t *testing.T, c *vim25.Client, n int) *stress {
	finder := find.NewFinder(c)
	vms, err := finder.VirtualMachineList(context.Background(), "/DC0/vm/*")
	if err != nil {
		t.Error(err)
	}
	hosts, err := finder.HostSystemList(context.Background(), "/DC0/host/*/*")
	if err != nil {
		t.Error(err)
	}
	return &stress{t, c, rand.New(rand.NewSource(int64(n))), vms, hosts}
}

func (s *stress) run(end time.Time) {
	for time.Now().Before(end) {
		if err := s.step(s.vms[s.random.Intn(len(s.vms))]); err != nil && !expected(err) {
			s.t.Error(err)
		}
	}
}

// expected are the faults of clients that are in each other's way.
func expected(err error) bool {
	if f, ok := err.(types.HasFault); ok {
		return inTheWay[faultName(f.Fault())]
	}
	if soap.IsSoapFault(err) {
		return inTheWay[strings.TrimPrefix(fmt.Sprintf("%T", soap.ToSoapFault(err).VimFault()), "types.")]
	}
	return false
}

var inTheWay = map[string]bool{
	"TaskInProgress": true, "InvalidPowerState": true, "InvalidArgument": true, "ConcurrentAccess": true}

func (s *stress) step(vm *object.VirtualMachine) error {
	ctx := context.Background()
	wait := func(t *object.Task, err error) error {
		if err != nil {
			return err
		}
		return t.Wait(ctx)
	}
	extra := func(key, value string) error {
		return wait(vm.Reconfigure(ctx, types.VirtualMachineConfigSpec{
			ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: key, Value: value}}}))
	}
	switch s.random.Intn(7) {
	case 0:
		return s.powerOnWithAnswer(vm)
	case 1:
		return wait(vm.PowerOff(ctx))
	case 2:
		if err := extra(questionKey, "append"); err != nil {
			return err
		}
		return s.powerOnWithAnswer(vm)
	case 3:
		return extra("some.key", fmt.Sprint(s.random.Intn(10)))
	case 4:
		return s.migrate(vm)
	case 5:
		return wait(vm.CreateSnapshot(ctx, "s", "", false, false))
	}
	var props mo.VirtualMachine
	return vm.Properties(ctx, vm.Reference(), []string{"summary", "runtime", "config"}, &props)
}

func (s *stress) powerOnWithAnswer(vm *object.VirtualMachine) error {
	ctx := context.Background()
	task, err := vm.PowerOn(ctx)
	if err != nil {
		return err
	}
	var props mo.VirtualMachine
	if err := vm.Properties(ctx, vm.Reference(), []string{"runtime.question"}, &props); err != nil {
		return err
	}
	if q := props.Runtime.Question; q != nil {
		if err := vm.Answer(ctx, q.Id, "0"); err != nil {
			return err
		}
	}
	return task.Wait(ctx)
}

func (s *stress) migrate(vm *object.VirtualMachine) error {
	ctx := context.Background()
	host := s.hosts[s.random.Intn(len(s.hosts))]
	pool, err := host.ResourcePool(ctx)
	if err != nil {
		return err
	}
	to, from := host.Reference(), pool.Reference()
	res, err := methods.MigrateVM_Task(ctx, s.client, &types.MigrateVM_Task{
		This: vm.Reference(), Host: &to, Pool: &from, Priority: types.VirtualMachineMovePriorityDefaultPriority})
	if err != nil {
		return err
	}
	return object.NewTask(s.client, res.Returnval).Wait(ctx)
}
