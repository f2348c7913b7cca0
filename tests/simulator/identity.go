// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
)

// tellApart gives a vCenter an instance UUID of its own. The library gives all
// of them the same one, as if two simulators were one vCenter.
func (s *server) tellApart() {
	if i, ok := s.registry.Get(vim25.ServiceInstance).(*simulator.ServiceInstance); ok && s.registry.IsVPX() {
		i.Content.About.InstanceUuid = uuid.NewString()
	}
}
