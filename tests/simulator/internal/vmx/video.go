// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// writeVideo writes what a client has changed of the video card: svga.vramSize is in bytes.
func writeVideo(f *File, list []types.BaseVirtualDevice) {
	for _, d := range list {
		card, ok := d.(*types.VirtualMachineVideoCard)
		if !ok {
			continue
		}
		if n := card.VideoRamSizeInKB * 1024; n > 0 && n != f.Integer("svga.vramSize", DefaultVideoKB*1024) {
			f.Set("svga.vramSize", fmt.Sprint(n))
		}
		if n := card.NumDisplays; n > 0 && int64(n) != f.Integer("svga.numDisplays", 1) {
			f.Set("svga.numDisplays", fmt.Sprint(n))
		}
		if auto := card.UseAutoDetect; auto != nil && *auto != f.Flag("svga.autodetect") {
			setFlag(f, "svga.autodetect", *auto)
		}
		if wanted := card.Enable3DSupport; wanted != nil && *wanted != f.Flag("mks.enable3d") {
			setFlag(f, "mks.enable3d", *wanted)
		}
	}
}

// DefaultVideoKB is the memory of a video card about which a file says nothing.
const DefaultVideoKB = 4096

// readVideo is the video card of a VMX file.
func readVideo(f *File, card types.VirtualMachineVideoCard) *types.VirtualMachineVideoCard {
	card.VideoRamSizeInKB = f.Integer("svga.vramSize", DefaultVideoKB*1024) / 1024
	card.NumDisplays = int32(f.Integer("svga.numDisplays", 1))
	card.UseAutoDetect, card.Enable3DSupport = types.NewBool(f.Flag("svga.autodetect")), types.NewBool(f.Flag("mks.enable3d"))
	return &card
}
