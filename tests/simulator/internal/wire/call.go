// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"regexp"

	"esx-simulator/internal/rules"
)

// <soapenv:Body><PowerOnVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">12</_this>
var (
	soapMethod = regexp.MustCompile(`<(?:[\w-]+:)?Body[^>]*>\s*<(?:[\w-]+:)?(\w+)`)
	soapThis   = regexp.MustCompile(`<(?:[\w-]+:)?_this[^>]*type="([^"]*)"[^>]*>([^<]*)<`)
	soapPath   = regexp.MustCompile(`<(?:[\w-]+:)?pathSet[^>]*>([^<]*)<`)
	soapProp   = regexp.MustCompile(`<(?:[\w-]+:)?prop(?:\s[^>]*)?>([^<]*)<`)
)

// CallOf reads what a SOAP request calls, without decoding it.
func CallOf(body []byte) rules.Call {
	var c rules.Call
	if m := soapMethod.FindSubmatch(body); m != nil {
		c.Method = string(m[1])
	}
	if m := soapThis.FindSubmatch(body); m != nil {
		c.Kind, c.Object = string(m[1]), string(m[2])
	}
	paths := soapPath
	if c.Method == "Fetch" {
		paths = soapProp
	}
	for _, m := range paths.FindAllSubmatch(body, -1) {
		c.Paths = append(c.Paths, string(m[1]))
	}
	return c
}
