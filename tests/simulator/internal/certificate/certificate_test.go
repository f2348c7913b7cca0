// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package certificate

import (
	"crypto/x509"
	"net"
	"testing"
)

func TestItIsForItsAddresses(t *testing.T) {
	c, err := SelfSigned([]net.IP{net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.2"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if leaf.VerifyHostname("example.org") == nil {
		t.Error("it is for any host")
	}
}
