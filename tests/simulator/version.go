// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An apiVersion is a version of the API, and the products that came with it.
type apiVersion struct {
	name     string // as -version wants it
	api      string // about.apiVersion
	esx, vpx string // about.version of a host, and of a vCenter
	build    string
	hardware int // the newest virtual hardware
}

var apiVersions = []apiVersion{
	{"2.5", "2.5", "3.5.0", "2.5.0", "64607", 4},
	{"4.0", "4.0", "4.0.0", "4.0.0", "164009", 7},
	{"4.1", "4.1", "4.1.0", "4.1.0", "260247", 7},
	{"5.0", "5.0", "5.0.0", "5.0.0", "469512", 8},
	{"5.1", "5.1", "5.1.0", "5.1.0", "799733", 9},
	{"5.5", "5.5", "5.5.0", "5.5.0", "1331820", 10},
	{"6.0", "6.0", "6.0.0", "6.0.0", "2494585", 11},
	{"6.5", "6.5", "6.5.0", "6.5.0", "4564106", 13},
	{"6.7", "6.7", "6.7.0", "6.7.0", "8169922", 14},
	{"7.0", "7.0.0.0", "7.0.0", "7.0.0", "15843807", 17},
	{"8.0", "8.0.0.1", "8.0.0", "8.0.0", "20513097", 20},
	{"9.0", "9.0.0.0", "9.0.0", "9.0.0", "24755229", 22},
}

// namespaces are the versions of the API that clients can ask for in SOAPAction,
// oldest first: what vimServiceVersions.xml lists. It has 4.0 and newer.
var namespaces = []string{"4.0", "4.1", "5.0", "5.1", "5.5", "6.0", "6.5", "6.7", "6.7.1", "6.7.2", "6.7.3", "6.8.7", "6.9.1",
	"7.0.0.0", "7.0.1.0", "7.0.2.0", "7.0.3.0", "8.0.0.0", "8.0.0.1", "8.0.1.0", "8.0.2.0", "8.0.3.0", "9.0.0.0"}

// applied is the version in which a server answers to one in SOAPAction that it does
// not list, or "": since 8.0 the newest, and it says so.
func (v apiVersion) applied(action string) string {
	_, wanted, ok := strings.Cut(strings.Trim(action, `"`), "urn:vim25/")
	if !ok || newer("8.0", v.name) || wanted == v.api || slices.Contains(namespaces, wanted) && !newer(wanted, v.api) {
		return ""
	}
	return v.api
}

// asksEarly tells whether the server gives a cookie at the first call, and not only
// at the login.
func (v apiVersion) asksEarly() bool { return newer("7.0", v.name) }

func versionNames() (names []string) {
	for _, v := range apiVersions {
		names = append(names, v.name)
	}
	return names
}

func versionNamed(name string) (apiVersion, error) {
	for _, v := range apiVersions {
		if v.name == name {
			return v, nil
		}
	}
	return apiVersion{}, fmt.Errorf("-version must be one of %s, not %q", strings.Join(versionNames(), ", "), name)
}

// versionParts splits "2.5u2" and "8.0.0.1" so that parts compare as numbers.
var versionParts = regexp.MustCompile(`\d+`)

// newer tells whether version a is newer than version b.
func newer(a, b string) bool {
	x, y := versionParts.FindAllString(a, -1), versionParts.FindAllString(b, -1)
	for i := range max(len(x), len(y)) {
		m, n := 0, 0
		if i < len(x) {
			m, _ = strconv.Atoi(x[i])
		}
		if i < len(y) {
			n, _ = strconv.Atoi(y[i])
		}
		if m != n {
			return m > n
		}
	}
	return false
}

// serviceVersions is /sdk/vimServiceVersions.xml, which servers have since 2.5u2.
func (s *server) serviceVersions(w http.ResponseWriter, _ *http.Request) {
	if s.version.name == "2.5" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<namespaces version=\"1.0\">\n <namespace>\n"+
		"  <name>urn:vim25</name>\n  <version>%s</version>\n  <priorVersions>\n", s.version.api)
	for i := len(namespaces) - 1; i >= 0; i-- {
		if newer(s.version.api, namespaces[i]) {
			fmt.Fprintf(w, "   <version>%s</version>\n", namespaces[i])
		}
	}
	fmt.Fprint(w, "  </priorVersions>\n </namespace>\n</namespaces>\n")
}

// refuse is the SOAP answer to a call that the version does not know: a newer
// version in SOAPAction ("urn:vim25/6.5"), or a newer method. It is "" for others.
func (v apiVersion) refuse(c call, action string) string {
	action = strings.Trim(action, `"`)
	if _, wanted, ok := strings.Cut(action, "urn:vim25/"); ok && newer(wanted, v.api) && v.applied(action) == "" {
		return notParsed(fmt.Sprintf("Unsupported version URI %q", action))
	}
	if since, ok := memberSince[c.kind+"."+c.method+"()"]; ok && newer(since, v.api) {
		return notParsed(fmt.Sprintf("Unable to resolve WSDL method name %s for namespace name urn:vim25", c.method))
	}
	return ""
}

// notParsed is how a host answers to a body that it cannot read.
func notParsed(reason string) string {
	return soapFault(reason+"\n\nwhile parsing SOAP body\nat line 1, column 0\n\nwhile parsing SOAP envelope\n"+
		"at line 1, column 0\n\nwhile parsing HTTP request before method was determined\nat line 1, column 0",
		`<InvalidRequestFault xmlns="urn:vim25" xsi:type="InvalidRequest"></InvalidRequestFault>`)
}

// soapFault is an answer that the library has no part in.
func soapFault(text, detail string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" ` +
		`xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
		`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>` +
		`<faultcode>ServerFaultCode</faultcode><faultstring>` + html.EscapeString(text) + `</faultstring><detail>` +
		detail + `</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`
}
