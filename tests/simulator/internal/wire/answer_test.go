// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import "testing"

func TestAnswersAreCorrected(t *testing.T) {
	for name, c := range map[string][2]string{
		"items of an array get their type": {
			`<val xsi:type="ArrayOfString"><string>a</string></val>`,
			`<val xsi:type="ArrayOfString"><string xsi:type="xsd:string">a</string></val>`},
		"but not if they have one": {
			`<val XMLSchema-instance:type="ArrayOfOptionValue"><OptionValue XMLSchema-instance:type="X"/></val>`,
			`<val XMLSchema-instance:type="ArrayOfOptionValue"><OptionValue XMLSchema-instance:type="X"/></val>`},
		"nor what is inside of an item": {
			`<val xsi:type="ArrayOfT"><T><a>1</a></T></val>`, `<val xsi:type="ArrayOfT"><T xsi:type="T"><a>1</a></T></val>`},
		"a default of 0 is added": {
			`<question><choice><choiceInfo></choiceInfo></choice></question>`,
			`<question><choice><choiceInfo></choiceInfo><defaultIndex>0</defaultIndex></choice></question>`},
		"a default of -1 is none": {
			`<question><choice><defaultIndex>-1</defaultIndex></choice></question>`, `<question><choice></choice></question>`},
		"another default stays": {
			`<question><choice><defaultIndex>2</defaultIndex></choice></question>`,
			`<question><choice><defaultIndex>2</defaultIndex></choice></question>`},
		"other choices stay": {`<x><choice></choice></x>`, `<x><choice></choice></x>`},
		"a Go type is no message": {
			`<localizedMessage>*types.NotFound</localizedMessage>`,
			`<localizedMessage>The object or item referred to could not be found.</localizedMessage>`},
		"names of Go types become the API's": {`<fault xsi:type="SystemErrorFault"></fault>`, `<fault xsi:type="SystemError"></fault>`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(FixElements([]byte(c[0]))); got != c[1] {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestAnEmptyAnnotationIsMarked(t *testing.T) {
	for text, want := range map[string]string{
		`<annotation></annotation>`:                                `<annotation>` + Cleared + `</annotation>`,
		`<annotation/>`:                                            `<annotation>` + Cleared + `</annotation>`,
		`<v:annotation xsi:type="xsd:string"/>`:                    `<v:annotation xsi:type="xsd:string">` + Cleared + `</v:annotation>`,
		`<annotation xsi:type="xsd:string"></annotation >`:         `<annotation xsi:type="xsd:string">` + Cleared + `</annotation>`,
		`<annotation>note</annotation>`:                            `<annotation>note</annotation>`,
		`<annotation> </annotation>`:                               `<annotation> </annotation>`,
		`<annotations></annotations><name>&lt;annotation/></name>`: `<annotations></annotations><name>&lt;annotation/></name>`,
	} {
		if got := string(MarkCleared("ReconfigVM_Task", []byte(text))); got != want {
			t.Errorf("%s became %s", text, got)
		}
		if got := string(MarkCleared("CreateVM_Task", []byte(text))); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}

func TestFetchOfAnUnsetProperty(t *testing.T) {
	answer := `<Body><RetrievePropertiesExResponse xmlns="urn:vim25"><returnval/></RetrievePropertiesExResponse></Body>`
	want := `<Body><FetchResponse xmlns="urn:vim25"></FetchResponse></Body>`
	if got := string(FixFetch([]byte(`<Fetch xmlns="urn:vim25">`), []byte(answer))); got != want {
		t.Errorf("got %s", got)
	}
	if got := string(FixFetch([]byte(`<RetrievePropertiesEx>`), []byte(answer))); got != answer {
		t.Errorf("got %s", got)
	}
}

func TestFaultsSayWhatAHostSays(t *testing.T) {
	detail := `<detail><NotFoundFault xmlns="urn:vim25" xsi:type="NotFound"></NotFoundFault></detail>`
	for text, want := range map[string]string{
		"":                           "The object or item referred to could not be found.",
		"Login failure":              "The object or item referred to could not be found.",
		"vm-1 does not implement: X": "The object or item referred to could not be found.",
		"Something else":             "Something else",
	} {
		got := string(FixFaultString([]byte("<faultstring>" + text + "</faultstring>" + detail)))
		if got != "<faultstring>"+want+"</faultstring>"+detail {
			t.Errorf("%q: %s", text, got)
		}
	}
	own := `<detail><XFault xsi:type="X"><faultMessage><key>simulator.message</key><message>a &lt; b</message></faultMessage></XFault></detail>`
	if got := string(FixFaultString([]byte("<faultstring></faultstring>" + own))); got != "<faultstring>a &lt; b</faultstring>"+own {
		t.Error(got)
	}
}
