// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/xml"
	"strings"

	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/vim25/types"
)

// knownSections are the sections that a host reads or may skip, by the element around them.
var knownSections = map[string]map[string]bool{
	"Envelope": names("References DiskSection NetworkSection DeploymentOptionSection VirtualSystem VirtualSystemCollection " +
		"Strings IpAssignmentSection StorageGroupSection StorageSection"),
	"VirtualSystem": names("Info Name ProductSection EulaSection AnnotationSection OperatingSystemSection InstallSection " +
		"VirtualHardwareSection ResourceAllocationSection BootOrderSection IpAssignmentSection StorageSection"),
}

func names(text string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(text) {
		set[name] = true
	}
	return set
}

// findingsOfSections are the sections that a host does not know: errors where the package requires
// them, which it does unless it says otherwise (DSP0243, section 7.1), else warnings.
func findingsOfSections(descriptor string) (faults, warnings []types.LocalizedMethodFault) {
	decoder, open := xml.NewDecoder(strings.NewReader(descriptor)), []string(nil)
	for {
		token, err := decoder.Token()
		if err != nil {
			return faults, warnings
		}
		switch t := token.(type) {
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.StartElement:
			if known, ok := knownSections[last(open)]; ok && len(open) <= 2 && !known[t.Name.Local] {
				f := finding(&types.OvfUnsupportedSection{OvfUnsupportedElement: types.OvfUnsupportedElement{Name: t.Name.Local}},
					"Unsupported section '%s'.", t.Name.Local)
				if isRequired(t) {
					faults = append(faults, f)
				} else {
					warnings = append(warnings, f)
				}
			}
			open = append(open, t.Name.Local)
		}
	}
}

func last(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

func isRequired(t xml.StartElement) bool {
	for _, a := range t.Attr {
		if a.Name.Local == "required" {
			return a.Value != "false" && a.Value != "0"
		}
	}
	return true
}

// findingsOfDisks are capacities that are in no unit of bytes.
func findingsOfDisks(env *ovf.Envelope) (faults []types.LocalizedMethodFault) {
	if env.Disk == nil {
		return nil
	}
	for _, d := range env.Disk.Disks {
		if units := d.CapacityAllocationUnits; units != nil && ovf.ParseCapacityAllocationUnits(*units) == 0 {
			faults = append(faults, finding(new(types.OvfInvalidValueFormatMalformed),
				"Invalid value '%s' for attribute 'capacityAllocationUnits' on element 'Disk'.", *units))
		}
	}
	return faults
}
