// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/lenient"
)

// soundModels are sound.virtualDev; the first is that of a card without it.
var soundModels = []struct {
	name string
	make func(types.VirtualSoundCard) types.BaseVirtualDevice
}{
	{"sb16", func(c types.VirtualSoundCard) types.BaseVirtualDevice {
		return &types.VirtualSoundBlaster16{VirtualSoundCard: c}
	}},
	{"es1371", func(c types.VirtualSoundCard) types.BaseVirtualDevice {
		return &types.VirtualEnsoniq1371{VirtualSoundCard: c}
	}},
	{"hdaudio", func(c types.VirtualSoundCard) types.BaseVirtualDevice {
		return &types.VirtualHdAudioCard{VirtualSoundCard: c}
	}},
}

func isSound(d types.BaseVirtualDevice) bool {
	_, ok := d.(types.BaseVirtualSoundCard)
	return ok
}

func readSound(f *File, slot string, d types.VirtualDevice, _ fileNamer) types.BaseVirtualDevice {
	d.Connectable = connectable(f, slot)
	d.Backing = &types.VirtualSoundCardDeviceBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{
		DeviceName: f.Get(slot+".fileName", ""), UseAutoDetect: types.NewBool(f.Flag(slot + ".autodetect"))}}
	for _, m := range soundModels {
		if strings.EqualFold(m.name, f.Get(slot+".virtualDev", soundModels[0].name)) {
			return m.make(types.VirtualSoundCard{VirtualDevice: d})
		}
	}
	return soundModels[0].make(types.VirtualSoundCard{VirtualDevice: d})
}

func writeSound(f *File, slot string, d types.BaseVirtualDevice, _ FileNames) {
	for _, m := range soundModels {
		if SameType(m.make(types.VirtualSoundCard{}), d) && !strings.EqualFold(m.name, f.Get(slot+".virtualDev", soundModels[0].name)) {
			f.Set(slot+".virtualDev", m.name)
		}
	}
	if b, ok := d.GetVirtualDevice().Backing.(*types.VirtualSoundCardDeviceBackingInfo); ok {
		setText(f, slot+".fileName", b.DeviceName)
		if lenient.IsTrue(b.UseAutoDetect) != f.Flag(slot+".autodetect") {
			setFlag(f, slot+".autodetect", lenient.IsTrue(b.UseAutoDetect))
		}
	}
	writeConnection(f, slot, d.GetVirtualDevice().Connectable)
}
