// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import "html"

// NotParsed is how a host answers to a body that it cannot read.
func NotParsed(reason string) string {
	return Fault(reason+"\n\nwhile parsing SOAP body\nat line 1, column 0\n\nwhile parsing SOAP envelope\n"+
		"at line 1, column 0\n\nwhile parsing HTTP request before method was determined\nat line 1, column 0",
		`<InvalidRequestFault xmlns="urn:vim25" xsi:type="InvalidRequest"></InvalidRequestFault>`)
}

// Fault is an answer that the library has no part in.
func Fault(text, detail string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" ` +
		`xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
		`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>` +
		`<faultcode>ServerFaultCode</faultcode><faultstring>` + html.EscapeString(text) + `</faultstring><detail>` +
		detail + `</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`
}
