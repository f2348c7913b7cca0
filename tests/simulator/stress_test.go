// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/apifault"
)

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
		return inTheWay[apifault.Name(f.Fault())]
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
