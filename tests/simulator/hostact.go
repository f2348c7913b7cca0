// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// hostAct is what a test changes of a host; what it leaves out stays.
type hostAct struct {
	Host             string   `json:"host"`              // its name or id; the only host of an ESX host needs none
	Connection       string   `json:"connection"`        // connected, disconnected, notResponding
	VMotion          *bool    `json:"vmotion"`           // whether a VMkernel card carries vMotion
	MemoryMB         int64    `json:"memory_mb"`         // of the board
	CPU              string   `json:"cpu"`               // a key of EVC modes
	UUID             string   `json:"uuid"`              // of the board
	Addresses        []string `json:"addresses"`         // of the VMkernel cards
	ManagementServer *string  `json:"management_server"` // "": none
	Lockdown         string   `json:"lockdown"`          // lockdownDisabled, lockdownNormal, lockdownStrict
	CryptoState      string   `json:"crypto_state"`      // incapable, prepared, safe, pendingIncapable
	DownMS           int      `json:"down_ms"`           // its endpoint drops connections for so long
	StartingMS       int      `json:"starting_ms"`       // then it answers 503 for so long
	PowerOn          bool     `json:"power_on"`          // after ShutdownHost_Task
}

func (s *server) hostNamed(name string) *hostSystem {
	for _, h := range s.hosts() {
		if h.Name == name || h.Self.Value == name || name == "" && s.options.Kind == "esx" {
			return &hostSystem{h, s}
		}
	}
	return nil
}

// performHost carries out what a test changes of a host.
func (s *server) performHost(a hostAct) error {
	h := s.hostNamed(a.Host)
	if h == nil {
		return fmt.Errorf("there is no host %q", a.Host)
	}
	own := *s.context
	ctx := &own
	if a.Connection != "" {
		state := types.HostSystemConnectionState(a.Connection)
		if !slices.Contains(state.Values(), state) {
			return fmt.Errorf("there is no connection %q", a.Connection)
		}
		h.setConnection(ctx, state)
	}
	if a.CPU != "" && !slices.Contains(slices.Concat(evcModes, amdModes), a.CPU) {
		return fmt.Errorf("there is no cpu %q", a.CPU)
	}
	if len(a.Addresses) > 0 {
		s.networkOf(h.HostSystem).set(ctx, func(c *types.HostNetworkInfo) { c.Vnic = h.cardsWith(a.Addresses) })
	}
	if a.VMotion != nil {
		h.setVMotion(ctx, *a.VMotion)
	}
	if a.DownMS+a.StartingMS > 0 {
		now := time.Now()
		up := now.Add(time.Duration(a.DownMS) * time.Millisecond)
		s.outages.put(h.HostSystem, outage{up, up.Add(time.Duration(a.StartingMS) * time.Millisecond)})
	}
	if a.PowerOn {
		if !s.outages.isOff(h.HostSystem) {
			return errors.New("the host is not off")
		}
		h.boot(s.options.BootTime)
	}
	changes, err := h.changes(a)
	ctx.WithLock(h.HostSystem, func() { ctx.Update(h.HostSystem, changes) })
	return err
}

// changes are the properties that an act changes.
func (h *hostSystem) changes(a hostAct) (list []types.PropertyChange, err error) {
	add := func(name string, value types.AnyType) {
		list = append(list, types.PropertyChange{Name: name, Val: value})
	}
	if a.MemoryMB > 0 {
		add("hardware.memorySize", a.MemoryMB<<20)
		add("summary.hardware.memorySize", a.MemoryMB<<20)
	}
	if a.CPU != "" {
		add("summary.maxEVCModeKey", a.CPU)
	}
	if a.UUID != "" {
		add("hardware.systemInfo.uuid", a.UUID)
		add("summary.hardware.uuid", a.UUID)
	}
	if a.ManagementServer != nil {
		add("summary.managementServerIp", *a.ManagementServer)
	}
	if a.CryptoState != "" {
		state := types.HostCryptoState(a.CryptoState)
		if !slices.Contains(state.Values(), state) {
			return nil, fmt.Errorf("there is no crypto_state %q", a.CryptoState)
		}
		add("runtime.cryptoState", a.CryptoState)
	}
	if a.Lockdown != "" {
		mode := types.HostLockdownMode(a.Lockdown)
		if !slices.Contains(mode.Values(), mode) {
			return nil, fmt.Errorf("there is no lockdown %q", a.Lockdown)
		}
		add("config.lockdownMode", mode)
		add("config.adminDisabled", mode != types.HostLockdownModeLockdownDisabled)
	}
	return list, nil
}

// cardsWith are VMkernel cards like the first one, with these addresses.
func (h *hostSystem) cardsWith(addresses []string) (cards []types.HostVirtualNic) {
	for n, address := range addresses {
		card := h.Config.Network.Vnic[min(n, len(h.Config.Network.Vnic)-1)]
		ip := types.HostIpConfig{SubnetMask: "255.0.0.0"}
		if card.Spec.Ip != nil {
			ip = *card.Spec.Ip
		}
		ip.IpAddress = address
		card.Spec.Ip = &ip
		card.Device = fmt.Sprintf("vmk%d", n)
		card.Key = "key-vim.host.VirtualNic-" + card.Device
		cards = append(cards, card)
	}
	return cards
}

// setVMotion selects a VMkernel card for vMotion, or none.
func (h *hostSystem) setVMotion(ctx *simulator.Context, on bool) {
	ctx.WithLock(h.HostSystem, func() {
		info := h.Config.VirtualNicManagerInfo
		for i := range info.NetConfig {
			if c := &info.NetConfig[i]; c.NicType == string(types.HostVirtualNicManagerNicTypeVmotion) {
				c.SelectedVnic = nil
				if on && len(c.CandidateVnic) > 0 {
					c.SelectedVnic = []string{c.CandidateVnic[0].Key}
				}
			}
		}
		ctx.Update(h.HostSystem, []types.PropertyChange{
			{Name: "summary.config.vmotionEnabled", Val: on}, {Name: "config.virtualNicManagerInfo", Val: *info}})
	})
}
