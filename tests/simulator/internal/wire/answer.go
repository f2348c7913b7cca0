// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package wire reads and corrects SOAP as bytes, before and after the library has seen it.
package wire

import (
	"bytes"
	"html"
	"regexp"

	"esx-simulator/internal/apifault"
)

// The library's SOAP differs from a host's in a few places that libvirt and
// pyVmomi trip over. These functions correct its answers, as bytes: what Go's
// encoder writes has no comments, no CDATA and no '>' inside of attributes.

// FixFetch corrects the answer to Fetch, by which pyVmomi reads attributes. For
// an unset property the library answers as if it had been asked by
// RetrievePropertiesEx; a host's answer is empty.
func FixFetch(request, answer []byte) []byte {
	const open, end = "<RetrievePropertiesExResponse", "</RetrievePropertiesExResponse>"
	if !bytes.Contains(request, []byte("<Fetch ")) {
		return answer
	}
	i, j := bytes.Index(answer, []byte(open)), bytes.Index(answer, []byte(end))
	if i < 0 || j < 0 {
		return answer
	}
	return bytes.Join([][]byte{answer[:i], []byte(`<FetchResponse xmlns="urn:vim25"></FetchResponse>`), answer[j+len(end):]}, nil)
}

// Cleared stands for a text that a request sends empty, where the library cannot
// tell that from one that is not sent. It is a noncharacter of Unicode: no client
// may send it.
const Cleared = "\ufdd0"

// <annotation></annotation>, <vim:annotation xsi:type="xsd:string"/>
var emptyAnnotation = regexp.MustCompile(`<((?:[\w-]+:)?annotation)((?:\s[^<>]*?)?)(?:/>|></(?:[\w-]+:)?annotation\s*>)`)

// MarkCleared marks an annotation that ReconfigVM_Task is to clear.
func MarkCleared(method string, request []byte) []byte {
	if method != "ReconfigVM_Task" {
		return request
	}
	return emptyAnnotation.ReplaceAll(request, []byte("<$1$2>"+Cleared+"</$1>"))
}

// primitive are the array items that are of XML schema's types.
var primitive = map[string]string{
	"String": "xsd:string", "Int": "xsd:int", "Long": "xsd:long", "Short": "xsd:short",
	"Byte": "xsd:byte", "Boolean": "xsd:boolean", "Double": "xsd:double",
}

// An element that is open while FixElements walks through an answer.
type openElement struct {
	name     string
	item     string // the type of its items, if it is an array
	question bool   // it is (in) a question
	start    int    // where it starts in the output
}

// FixElements walks through an answer once and
//   - gives each item of an ArrayOfX value the type X, without which libvirt
//     cannot read it;
//   - puts ChoiceOption.defaultIndex right: the library cannot send 0, and -1
//     stands for none;
//   - replaces Go's names of types by the API's, and the Go type that stands for
//     a fault's message by the message.
func FixElements(in []byte) []byte {
	out := bytes.NewBuffer(make([]byte, 0, len(in)+len(in)/8))
	var stack []openElement
	for {
		i := bytes.IndexByte(in, '<')
		if i < 0 {
			break
		}
		writeText(out, in[:i])
		j := i + bytes.IndexByte(in[i:], '>')
		tag := in[i : j+1]
		in = in[j+1:]
		switch {
		case tag[1] == '?':
			out.Write(tag)
		case tag[1] == '/':
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if top.question && top.name == "choice" {
				fixDefaultIndex(out, top.start)
			}
			out.Write(tag)
		default:
			e := openTag(out, stack, tag)
			if tag[len(tag)-2] != '/' {
				stack = append(stack, e)
			}
		}
	}
	out.Write(in)
	return out.Bytes()
}

// FixFaultElements renames the elements of faults whose Go type has not the
// API's name: <SystemErrorFaultFault> is <SystemErrorFault>.
func FixFaultElements(answer []byte) []byte {
	for _, name := range []string{"SystemErrorFaultFault", "InvalidPropertyFaultFault"} {
		answer = bytes.ReplaceAll(answer, []byte(name), []byte(name[:len(name)-len("Fault")]))
	}
	return answer
}

// writeText copies the text of an element; "*types.X" is no message.
func writeText(out *bytes.Buffer, text []byte) {
	if bytes.HasPrefix(text, []byte("*types.")) {
		out.WriteString(apifault.MessageOf(apifault.ApiName(string(text[len("*types."):]))))
		return
	}
	out.Write(text)
}

// openTag writes a start tag with its type put right.
func openTag(out *bytes.Buffer, stack []openElement, tag []byte) openElement {
	name := tagName(tag)
	kind := tagType(tag)
	e := openElement{name: name, start: out.Len()}
	if len(stack) > 0 {
		parent := &stack[len(stack)-1]
		e.question = parent.question
		if parent.item != "" && kind == "" {
			item := parent.item
			if x, ok := primitive[item]; ok {
				item = x
			}
			out.Write(tag[:1+len(name)])
			out.WriteString(` xsi:type="` + item + `"`)
			tag = tag[1+len(name):]
		}
	}
	if len(kind) > 7 && kind[:7] == "ArrayOf" {
		e.item = kind[7:]
	}
	if kind == "VirtualMachineQuestionInfo" || name == "question" {
		e.question = true
	}
	if api := apifault.ApiName(kind); api != kind {
		tag = bytes.Replace(tag, []byte(`"`+kind+`"`), []byte(`"`+api+`"`), 1)
	}
	out.Write(tag)
	return e
}

// tagName is the name in a start tag, with its prefix.
func tagName(tag []byte) string {
	for i := 1; i < len(tag); i++ {
		switch tag[i] {
		case ' ', '>', '/':
			return string(tag[1:i])
		}
	}
	return ""
}

// tagType is the value of xsi:type in a start tag, or "".
func tagType(tag []byte) string {
	i := bytes.Index(tag, []byte(`:type="`))
	if i < 0 {
		return ""
	}
	rest := tag[i+len(`:type="`):]
	return string(rest[:bytes.IndexByte(rest, '"')])
}

// fixDefaultIndex completes a <choice> that starts at an offset of the output.
func fixDefaultIndex(out *bytes.Buffer, start int) {
	choice := bytes.Clone(out.Bytes()[start:])
	out.Truncate(start)
	if !bytes.Contains(choice, []byte("<defaultIndex>")) {
		choice = append(choice, "<defaultIndex>0</defaultIndex>"...)
	}
	out.Write(bytes.Replace(choice, []byte("<defaultIndex>-1</defaultIndex>"), nil, 1))
}

// libraryText are beginnings of what the library says beside a fault, where a
// host says something else. The empty text is one of them.
var libraryText = regexp.MustCompile(
	`<faultstring>(|Login failure|managed object not found[^<]*|[^<]* does not implement: [^<]*)</faultstring>`)

// <faultMessage><key>simulator.message</key><message>The text</message>
var ownText = regexp.MustCompile(`<key>` + apifault.MessageKey + `</key>(?:<arg>.*?</arg>)*<message>([^<]*)</message>`)

// FixFaultString puts what a host says beside a fault:
// <faultstring></faultstring><detail><NotFoundFault xsi:type="NotFound" ...
func FixFaultString(answer []byte) []byte {
	at := libraryText.FindIndex(answer)
	if at == nil {
		return answer
	}
	rest := answer[at[1]:]
	text := html.EscapeString(apifault.MessageOf(apifault.ApiName(tagType(rest))))
	if own := ownText.FindSubmatch(rest); own != nil {
		text = string(own[1])
	}
	return bytes.Join([][]byte{answer[:at[0]], []byte("<faultstring>" + text + "</faultstring>"), rest}, nil)
}
