// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/dspath"
)

// picture is the screen of a domain: of one colour, which its name gives.
func picture(name string) []byte {
	sum := crc32.ChecksumIEEE([]byte(name))
	screen := image.NewPaletted(image.Rect(0, 0, 720, 400), color.Palette{
		color.RGBA{uint8(sum), uint8(sum >> 8), uint8(sum >> 16), 0xff}})
	var b bytes.Buffer
	_ = png.Encode(&b, screen)
	return b.Bytes()
}

// screen answers /screen?id=ID with the screen of a running domain.
func (f *front) screen(w http.ResponseWriter, r *http.Request) {
	if !f.authenticated(w, r) {
		return
	}
	ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: r.URL.Query().Get("id")}
	vm, ok := f.s.registry.Get(ref).(*simulator.VirtualMachine)
	if !ok || f.view != nil && !f.view.shows(ref) {
		http.NotFound(w, r)
		return
	}
	if !(&domain{vm, f.s}).running() {
		http.Error(w, "The virtual machine is not powered on.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(picture(vm.Name))
}

// CreateScreenshotTask writes the screen of a running domain beside its VMX file.
func (d *domain) CreateScreenshotTask(ctx *simulator.Context, _ *types.CreateScreenshot_Task) soap.HasFault {
	t := simulator.CreateTask(d.VirtualMachine, "createScreenshot", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if fault := d.mustRun(); fault != nil {
			return nil, fault
		}
		dir := dspath.Dir(d.Config.Files.VmPathName)
		for n := 0; ; n++ {
			name := dspath.Join(dir, fmt.Sprintf("%s-%d.png", stemOf(d.Config.Files.VmPathName), n))
			file, fault := d.s.localFile(name)
			if fault != nil {
				return nil, fault
			}
			f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if os.IsExist(err) {
				continue
			}
			if err != nil {
				return nil, &types.FileFault{File: name}
			}
			_, _ = f.Write(picture(d.Name))
			return name, faultOfClosing(f.Close(), name)
		}
	})
	return &methods.CreateScreenshot_TaskBody{Res: &types.CreateScreenshot_TaskResponse{Returnval: t.Run(ctx)}}
}

func faultOfClosing(err error, name string) types.BaseMethodFault {
	if err != nil {
		return &types.FileFault{File: name}
	}
	return nil
}
