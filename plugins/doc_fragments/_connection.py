# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the connection options; the argument spec is ``module_utils/_argspec.py``."""

from __future__ import annotations


class ModuleDocFragment:
    """The fragment ``virt.esx._connection``."""

    DOCUMENTATION = r"""
options:
  uri:
    description:
      - Connection URI as in libvirt, C(scheme://[user@]host[:port]/[path][?parameter=value&...]).
      - Schemes are C(esx) (ESX and ESXi hosts), C(gsx) (GSX, that is VMware Server 2.0) and C(vpx) (a host reached
        through its vCenter, the path being C(folder/datacenter/folder/cluster/host)).
      - >-
        Parameters are C(transport=http|https), C(vcenter=HOST|*), C(no_verify=0|1), C(auto_answer=0|1),
        C(proxy=[http|socks|socks4|socks4a|socks5|socks5h://][user@]host[:port]) and C(authfile=PATH).
      - It cannot contain a password.
      - If not set, E(ESX_URI) is used; without it, the URI is built from O(hostname) and O(port).
    type: str
  hostname:
    description:
      - Name or address of an ESX host, as in the collection vmware.vmware. It is short for C(esx://HOST/).
      - Must not contradict O(uri), if both are set. Overrides E(ESX_URI).
      - If neither O(hostname) nor O(uri) is set, E(ESX_URI) is used, then E(VMWARE_HOST).
    type: str
  port:
    description:
      - Port of the host named by O(hostname).
      - If not set, E(VMWARE_PORT) is used, then the default port of the scheme and the transport.
    type: int
  validate_certs:
    description:
      - Whether the server's certificate is checked. V(false) is the same as C(no_verify=1) in O(uri).
      - If not set, the URI decides, then E(VMWARE_VALIDATE_CERTS). By default, certificates are checked.
    type: bool
  username:
    description:
      - User name for the host of the URI.
      - If not set, the first available value is used, in this order - the user in O(uri), E(ESX_USERNAME),
        E(VMWARE_USER), libvirt's authentication file, C(root).
    type: str
  password:
    description:
      - Password for the host of the URI.
      - If not set, the first available value is used, in this order - E(ESX_PASSWORD), E(VMWARE_PASSWORD), libvirt's
        authentication file.
    type: str
  vcenter_username:
    description:
      - User name for the vCenter that C(vcenter=) in the URI names or, with C(vcenter=*), that manages the host.
      - If not set, the first available value is used, in this order - E(ESX_VCENTER_USERNAME), libvirt's
        authentication file (looked up by the vCenter's name, then by its address), C(administrator@vsphere.local), or
        C(administrator) before vCenter 5.1.
    type: str
  vcenter_password:
    description:
      - Password for that vCenter.
      - If not set, E(ESX_VCENTER_PASSWORD) is used, then libvirt's authentication file.
    type: str
  proxy_password:
    description:
      - Password for the proxy user in the URI, C(proxy=http://user@host:port).
      - If not set, E(ESX_PROXY_PASSWORD) is used.
    type: str
    version_added: 0.2.0
  auth_file:
    description:
      - libvirt's client authentication file, with groups C([auth-esx-HOST]) and C([credentials-NAME]).
      - If not set, the first available value is used, in this order - E(LIBVIRT_AUTH_FILE), the URI's parameter
        C(authfile), C(libvirt/auth.conf) in the user's configuration directory, C(/etc/libvirt/auth.conf).
    type: path
  ca_path:
    description:
      - PEM file with the certificates of the authorities that are trusted to sign the server's certificate.
      - If not set, the system's certificate authorities are trusted.
    type: path
  thumbprint:
    description:
      - SHA-256 fingerprint of the certificate to accept. It replaces the check of who signed the certificate.
      - Colons and case are ignored.
    type: str
  timeout:
    description:
      - Seconds that the task may take on the server.
    type: int
    default: 300
  answers:
    description:
      - Answers to questions that block a task on the server, as a mapping from question to choice.
      - A question is identified by its id, its whole text, or the message id at the start of its text, such as
        C(msg.uuid.altered). A choice is identified by its label or its key.
      - They override C(auto_answer=1) in the URI, which takes the server's default choice.
    type: dict
    default: {}
  session_cache:
    description:
      - Whether the session is kept for later tasks, in a file that only the user can read.
      - The file holds the session's cookie, never the password.
    type: bool
    default: false
requirements:
  - Python 3.9 or later where the module runs
  - pyVmomi 8.0.3.0.1 or later
"""
