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
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/flags"
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
	o, err := flags.Parse(strings.Fields(args), io.Discard)
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
	if names := s.options.DatastoreNames(); len(s.volumes) != 2 || names[1] != "x-2" || s.volumes[1].uuid == s.volumes[0].uuid {
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
