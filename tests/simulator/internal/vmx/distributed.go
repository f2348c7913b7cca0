// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// A card on a distributed switch has four keys: of the switch, the port group and
// the port, and that of the connection.
//
//	ethernet1.dvs.switchId = "50 34 26 b2 94 e9 3b 16-1d 68 87 bf ff 4a 54 40"
//	ethernet1.dvs.portId = "5"
//	ethernet1.dvs.portgroupId = "dvportgroup-1"
//	ethernet1.dvs.connectionId = "7"
//
// DistributedBacking is what the API has for them.
type DistributedBacking = types.VirtualEthernetCardDistributedVirtualPortBackingInfo

// readDistributed is the backing of a card on a distributed switch, or nil.
func readDistributed(f *File, slot string) *DistributedBacking {
	id, ok := f.Lookup(slot + ".dvs.switchId")
	if !ok {
		return nil
	}
	cookie, _ := strconv.Atoi(f.Get(slot+".dvs.connectionId", "0"))
	return &DistributedBacking{Port: types.DistributedVirtualSwitchPortConnection{
		SwitchUuid: id, PortgroupKey: f.Get(slot+".dvs.portgroupId", ""), PortKey: f.Get(slot+".dvs.portId", ""),
		ConnectionCookie: int32(cookie)}}
}

// writeDistributed writes the backing of a card on a distributed switch; nil
// takes the card off it.
func writeDistributed(f *File, slot string, b *DistributedBacking) {
	if b == nil {
		f.remove(func(key string) bool { return strings.HasPrefix(key, slot+".dvs.") })
		return
	}
	f.remove(func(key string) bool { return strings.EqualFold(key, slot+".networkName") })
	entries := map[string]string{
		"switchId": b.Port.SwitchUuid, "portgroupId": b.Port.PortgroupKey, "portId": b.Port.PortKey,
		"connectionId": strconv.Itoa(int(b.Port.ConnectionCookie))}
	for key, value := range entries {
		if f.Get(slot+".dvs."+key, "") != value {
			f.Set(slot+".dvs."+key, value)
		}
	}
}
