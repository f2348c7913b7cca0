// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// dateTime is the clock of a host, which the library only refers to.
type dateTime struct {
	mo.HostDateTimeSystem
	ahead time.Duration
}

func (s *server) addDateTime(h *simulator.HostSystem) {
	c := new(dateTime)
	c.DateTimeInfo = types.HostDateTimeInfo{
		TimeZone:  types.HostDateTimeSystemTimeZone{Key: "UTC", Name: "UTC", Description: "UTC"},
		NtpConfig: &types.HostNtpConfig{Server: []string{"0.pool.ntp.org"}}}
	c.Self = types.ManagedObjectReference{Type: "HostDateTimeSystem", Value: "dateTimeSystem-" + strings.TrimPrefix(h.Self.Value, "host-")}
	h.ConfigManager.DateTimeSystem = &c.Self
	h.Config.DateTimeInfo = &c.DateTimeInfo
	s.registry.Put(c)
}

// QueryDateTime is the host's time.
func (c *dateTime) QueryDateTime(*simulator.Context, *types.QueryDateTime) soap.HasFault {
	return &methods.QueryDateTimeBody{Res: &types.QueryDateTimeResponse{Returnval: time.Now().Add(c.ahead).UTC()}}
}

// UpdateDateTime sets the clock.
func (c *dateTime) UpdateDateTime(_ *simulator.Context, req *types.UpdateDateTime) soap.HasFault {
	c.ahead = time.Until(req.DateTime)
	return &methods.UpdateDateTimeBody{Res: new(types.UpdateDateTimeResponse)}
}
