// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"esx-simulator/internal/certificate"
)

// ready is the line that tells whoever has started the simulator where it is.
type ready struct {
	URL         string            `json:"url"`
	Port        int               `json:"port"`
	PID         int               `json:"pid"`
	Certificate string            `json:"certificate"`
	Hosts       map[string]string `json:"hosts,omitempty"` // name of a host -> url of its endpoint
}

// listen opens the listeners and serves them.
func (s *server) listen() (*ready, error) {
	main, err := net.Listen("tcp", s.options.Listen)
	if err != nil {
		return nil, err
	}
	port := main.Addr().(*net.TCPAddr).Port
	s.leases.port = port
	listeners := []net.Listener{main}
	for _, v := range s.views {
		l, err := net.Listen("tcp", v.listenOn(port))
		if err != nil {
			return nil, fmt.Errorf("endpoint of host %s: %w", v.host.Name, err)
		}
		listeners = append(listeners, l)
	}
	config, err := s.tlsConfig()
	if err != nil {
		return nil, err
	}
	r := &ready{
		URL: s.urlOf(main.Addr()), Port: port, PID: os.Getpid(),
		Certificate: s.options.CertificateFile,
	}
	for i, l := range listeners {
		var view *hostView
		if i > 0 {
			view = s.views[i-1]
			if r.Hosts == nil {
				r.Hosts = map[string]string{}
			}
			r.Hosts[view.host.Name] = s.urlOf(l.Addr())
		}
		if config != nil {
			l = tls.NewListener(l, config)
		}
		server := &http.Server{Handler: s.handler(view), ConnContext: numberConnections, ErrorLog: log.Default()}
		go func() { log.Print(server.Serve(l)) }()
	}
	return r, nil
}

func (s *server) urlOf(a net.Addr) string {
	scheme := "http"
	if s.options.TLS {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: a.String()}).String()
}

// tlsConfig is nil for plain HTTP.
func (s *server) tlsConfig() (*tls.Config, error) {
	o := s.options
	if !o.TLS {
		return nil, nil
	}
	own, err := s.certificate()
	if err != nil {
		return nil, err
	}
	s.leases.leaf = own.Certificate[0]
	if o.CertificateFile != "" {
		if err := certificate.WritePEM(o.CertificateFile, own); err != nil {
			return nil, err
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{own}}, nil
}

func (s *server) certificate() (tls.Certificate, error) {
	if s.options.TLSCert != "" {
		return tls.LoadX509KeyPair(s.options.TLSCert, s.options.TLSKey)
	}
	var addresses []net.IP
	for _, v := range s.views {
		if ip := net.ParseIP(v.address); ip != nil {
			addresses = append(addresses, ip)
		}
	}
	return certificate.SelfSigned(addresses)
}

// endpointAddresses are the addresses of -host-endpoints for so many hosts.
func endpointAddresses(text string, hosts int) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	list := strings.Split(text, ",")
	if text == "auto" {
		list = nil
		for n := range hosts {
			list = append(list, "127.0.0."+strconv.Itoa(2+n))
		}
	}
	if len(list) != hosts {
		return nil, fmt.Errorf("-host-endpoints has %d addresses for %d hosts", len(list), hosts)
	}
	return list, nil
}
