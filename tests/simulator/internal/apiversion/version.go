// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package apiversion knows the versions of the API: what they answer, and what came with
// which of them.
package apiversion

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An Version is a version of the API, and the products that came with it.
type Version struct {
	Name     string // as -version wants it
	API      string // about.Version
	ESX, VPX string // about.version of a host, and of a vCenter
	Build    string
	Hardware int // the newest virtual hardware
}

// All are the versions that can be played, oldest first.
var All = []Version{
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

// Applied is the version in which a server answers to one in SOAPAction that it does
// not list, or "": since 8.0 the newest, and it says so.
func (v Version) Applied(action string) string {
	_, wanted, ok := strings.Cut(strings.Trim(action, `"`), "urn:vim25/")
	if !ok || Newer("8.0", v.Name) || wanted == v.API || slices.Contains(namespaces, wanted) && !Newer(wanted, v.API) {
		return ""
	}
	return v.API
}

// AsksEarly tells whether the server gives a cookie at the first call, and not only
// at the login.
func (v Version) AsksEarly() bool { return Newer("7.0", v.Name) }

// Names are their names.
func Names() (names []string) {
	for _, v := range All {
		names = append(names, v.Name)
	}
	return names
}

// Named is a version by its name.
func Named(name string) (Version, error) {
	for _, v := range All {
		if v.Name == name {
			return v, nil
		}
	}
	return Version{}, fmt.Errorf("-version must be one of %s, not %q", strings.Join(Names(), ", "), name)
}

// versionParts splits "2.5u2" and "8.0.0.1" so that parts compare as numbers.
var versionParts = regexp.MustCompile(`\d+`)

// Newer tells whether version a is newer than version b.
func Newer(a, b string) bool {
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

// Prior are the versions of the API before this one that clients can ask for, newest
// first.
func (v Version) Prior() (names []string) {
	for _, name := range slices.Backward(namespaces) {
		if Newer(v.API, name) {
			names = append(names, name)
		}
	}
	return names
}

// Refuses is why the version does not know a call: a newer version in SOAPAction
// ("urn:vim25/6.5"), or a newer method. It is "" for others.
func (v Version) Refuses(kind, method, action string) string {
	action = strings.Trim(action, `"`)
	if _, wanted, ok := strings.Cut(action, "urn:vim25/"); ok && Newer(wanted, v.API) && v.Applied(action) == "" {
		return fmt.Sprintf("Unsupported version URI %q", action)
	}
	if since, ok := memberSince[kind+"."+method+"()"]; ok && Newer(since, v.API) {
		return fmt.Sprintf("Unable to resolve WSDL method name %s for namespace name urn:vim25", method)
	}
	return ""
}
