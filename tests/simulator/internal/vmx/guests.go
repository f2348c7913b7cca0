// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package vmx

import (
	"regexp"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// oddGuests are the words of guestOS that cannot be told from the API's names.
var oddGuests = map[string]string{
	"otherGuest64":          "other-64",
	"winLonghornGuest":      "longhorn",
	"winLonghorn64Guest":    "longhorn-64",
	"windows7Server64Guest": "windows7srv-64",
	"windows8Server64Guest": "windows8srv-64",
	"windows9Server64Guest": "windows9srv-64",
	"windowsHyperVGuest":    "winHyperV",
	"vmwarePhoton64Guest":   "vmware-photon-64",
	"crxPod1Guest":          "CRXPod1-64",
	"crxSys1Guest":          "CRXSys1-64",
}

// guestCase is how a VMX file writes parts of the API's names.
var guestCase = strings.NewReplacer("Linux", "linux", "Vista", "vista", "freebsd", "freeBSD",
	"openServer", "openserver", "unixWare", "unixware")

var guest64 = regexp.MustCompile("_?64$")

// GuestID is the API's name of a VMX file's guestOS: "rhel5-64" is rhel5_64Guest,
// "ubuntu-64" is ubuntu64Guest. A name that the API does not know is another guest.
func GuestID(guestOS string) string {
	for _, known := range simulator.GuestID {
		if strings.EqualFold(GuestOS(string(known)), guestOS) {
			return string(known)
		}
	}
	if strings.Contains(guestOS, "-64") {
		return string(types.VirtualMachineGuestOsIdentifierOtherGuest64)
	}
	return string(types.VirtualMachineGuestOsIdentifierOtherGuest)
}

// GuestOS is the other direction of GuestID.
func GuestOS(id string) string {
	if word, ok := oddGuests[id]; ok {
		return word
	}
	if id == "" {
		return "other"
	}
	return guestCase.Replace(guest64.ReplaceAllString(strings.TrimSuffix(id, "Guest"), "-64"))
}
