// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Package apifault makes faults whole: the text of a host, and each member that the API
// requires.
package apifault

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// messages are what a host says beside a fault; the library says nothing, or
// the name of a Go type.
var messages = map[string]string{
	"AlreadyExists":              "The specified key, name, or identifier already exists.",
	"ConcurrentAccess":           "Another operation has modified the object since it was read.",
	"DuplicateName":              "The name already exists.",
	"FileAlreadyExists":          "The specified file already exists.",
	"FileNotFound":               "The specified file was not found.",
	"InvalidArgument":            "A specified parameter was not correct.",
	"InvalidDatastore":           "The datastore does not exist.",
	"InvalidDatastorePath":       "The path is not a datastore path.",
	"InvalidDeviceBacking":       "The device's backing is not valid.",
	"InvalidLogin":               "Cannot complete login due to an incorrect user name or password.",
	"InvalidPowerState":          "The attempted operation cannot be performed in the current power state.",
	"InvalidProperty":            "The property does not exist.",
	"InvalidRequest":             "The request is not valid.",
	"InvalidState":               "The operation is not allowed in the current state.",
	"InvalidVmConfig":            "The configuration of the virtual machine is not valid.",
	"ManagedObjectNotFound":      "The object has already been deleted or has not been completely created.",
	"MethodDisabled":             "The method is disabled.",
	"MethodNotFound":             "The method does not exist on the object.",
	"NoPermission":               "Permission to perform this operation was denied.",
	"NotAuthenticated":           "The session is not authenticated.",
	"NotFound":                   "The object or item referred to could not be found.",
	"NotImplemented":             "The requested operation is not implemented by the server.",
	"NotSupported":               "The operation is not supported on the object.",
	"RequestCanceled":            "The task was canceled by a user.",
	"ResourceInUse":              "The resource is in use.",
	"RestrictedVersion":          "Current license or ESXi version prohibits execution of the requested operation.",
	"SystemError":                "A general system error occurred.",
	"TaskInProgress":             "The operation is not allowed in the current state: another task is already in progress.",
	"ToolsUnavailable":           "Cannot complete operation because VMware Tools is not running in this virtual machine.",
	"HostNotConnected":           "The host is not connected.",
	"CannotAccessVmDisk":         "The destination host cannot access a disk of the virtual machine.",
	"CannotAccessVmDevice":       "The destination host cannot access the backing of a device.",
	"CannotAccessFile":           "Unable to access a file.",
	"AffinityConfigured":         "The virtual machine has an affinity configured, which prevents VMotion.",
	"CannotAccessNetwork":        "The destination host has not the network of the virtual machine.",
	"InsufficientResourcesFault": "The available resources are not sufficient for the operation.",
	"Timedout":                   "The operation timed out.",
}

// Name is a fault's name in the API.
func Name(f types.BaseMethodFault) string {
	name := strings.TrimPrefix(fmt.Sprintf("%T", f), "*types.")
	return ApiName(name)
}

// ApiName corrects the Go types whose name differs from the API's.
func ApiName(goName string) string {
	switch goName {
	case "SystemErrorFault":
		return "SystemError"
	case "InvalidPropertyFault":
		return "InvalidProperty"
	}
	return goName
}

// MessageKey marks a message of a fault that a test has asked for.
const MessageKey = "simulator.message"

// WithMessage gives a fault a message of its own.
func WithMessage(f types.BaseMethodFault, text string) types.BaseMethodFault {
	if text != "" {
		f.GetMethodFault().FaultMessage = []types.LocalizableMessage{{Key: MessageKey, Message: text}}
	}
	return f
}

// Text is what a host says beside a fault.
func Text(f types.BaseMethodFault) string {
	if m := f.GetMethodFault().FaultMessage; len(m) > 0 && m[0].Key == MessageKey {
		return m[0].Message
	}
	switch x := f.(type) {
	case *types.GenericVmConfigFault:
		return x.Reason
	case *types.SystemErrorFault:
		return "A general system error occurred: " + x.Reason
	case *types.InvalidVmConfig:
		if len(x.FaultMessage) > 0 {
			return messages["InvalidVmConfig"] + " " + x.FaultMessage[0].Message
		}
	}
	return MessageOf(Name(f))
}

// MessageOf is the text of a fault by its name.
func MessageOf(name string) string {
	if text, ok := messages[name]; ok {
		return text
	}
	return "The operation failed: " + name + "."
}
