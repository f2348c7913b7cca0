// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// forward reads "HOST=URL": requests with that Host header go to another
// simulator. libvirt reaches the vCenter of an esx:// connection at the port of
// the ESX host, so that two simulators can stand behind one port.
func (s *server) forward(text string) error {
	if text == "" {
		return nil
	}
	host, to, ok := strings.Cut(text, "=")
	u, err := url.Parse(to)
	if !ok || err != nil || u.Host == "" {
		return fmt.Errorf("-by-host wants HOST=URL, not %q", text)
	}
	s.byHost[host] = httputil.NewSingleHostReverseProxy(u)
	return nil
}

// otherFor is the other simulator for a Host header, or nil.
func (s *server) otherFor(hostPort string) http.Handler {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	return s.byHost[host]
}
