# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All words of libvirt's domain XML, of the schemas of libvirt 9.0 and 12.3 together, each with its rule.

The text below is the tree of elements: ``name:row(attributes){children}``. A row is a key of ``word_rules.ROWS``; an
element without one has its parent's, an attribute without one its element's, and ``row=a,b`` are attributes with a row
of their own. ``name.0~`` gives a subtree a name, and ``*name.0`` is the same subtree again.

It is parsed when a document has a word that is not one of the usual ones, and not before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

_TOKEN = re.compile(r"[{}]|\*?[\w-]+\.\d+~?|[\w-]+(?::\w+)?(?:\([^)]*\))?")


@dataclass
class Word:
    """An element that libvirt knows: the row of its rule, the rows of its attributes, and what it may hold."""

    row: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: dict[str, Word] = field(default_factory=dict)


@cache
def vocabulary() -> Word:
    """The word ``<domain>``, with all others below it."""
    top = Word("")
    _read_children(top, iter(_TOKEN.findall(_WORDS)), {})
    return top.children["domain"]


def _read_children(parent: Word, tokens: Iterator[str], known: dict[str, Word]) -> None:
    """Read the children of a word up to the brace that closes it."""
    label, latest = None, parent
    for piece in tokens:
        if piece == "}":
            return
        if piece == "{":
            _read_children(latest, tokens, known)
        elif piece.startswith("*"):
            parent.children[piece[1:].partition(".")[0]] = known[piece[1:]]
        elif piece.endswith("~"):
            label = piece[:-1]
        else:
            head, _parenthesis, attributes = piece.partition("(")
            name, _colon, row = head.partition(":")
            latest = parent.children[name] = Word(row or parent.row)
            latest.attributes = _attributes(attributes.rstrip(")"), latest.row)
            if label:
                known[label], label = latest, None


def _attributes(text: str, row: str) -> dict[str, str]:
    found = {}
    for item in text.split():
        own, _equals, names = item.rpartition("=")
        found.update(dict.fromkeys(names.split(","), own or row))
    return found


_WORDS = """
domain(a1=id,type){blkiotune:f13{device{path read_bytes_sec.0~read_bytes_sec read_iops_sec.0~read_iops_sec weight
write_bytes_sec.0~write_bytes_sec write_iops_sec.0~write_iops_sec} weight} bootloader:a12 bootloader_args:a12
capabilities:a11{add(capability) del(capability)} clock:f9(adjustment basis offset start timezone){timer:f10(frequency
mode name present tickpolicy track){catchup(limit slew threshold)}} commandline:a11{arg(value) env(name value)}
cpu:c15(check deprecated_features match migratable mode){cache:c12(level mode) feature:c17(name policy)
maxphysaddr:c12(bits limit mode) model:c16(fallback vendor_id) numa:c13{cell(cpus discard id memAccess memory
unit){cache(associativity level policy){line(unit value) size(unit value)} distances{sibling(id value)}}
interconnects{bandwidth(cache initiator target type unit value) latency(cache initiator target type value)}}
topology:c14(clusters cores dies sockets threads) vendor:c16} cputune:b5{cachetune:c10(id vcpus){cache(id level size
type unit) monitor(level vcpus)} emulator_period:c10 emulator_quota:c10 emulatorpin:c10(cpuset)
emulatorsched:c10(priority scheduler) global_period:c8 global_quota:c8 iothread_period:c10 iothread_quota:c10
iothreadpin:c10(cpuset iothread) iothreadsched:c10(iothreads priority scheduler) memorytune:c10(vcpus){monitor(vcpus)
node(bandwidth id)} period:c8 quota:c8 shares:c7 vcpupin:c9(cpuset vcpu) vcpusched:c10(priority scheduler vcpus)}
currentMemory:b2(unit) datacenterpath:a10 defaultiothread:c5(thread_pool_max thread_pool_min) deprecation:a11(behavior)
description:a8 devices:d1{audio:g2(driver dspPolicy exclusive id path runtimeDir serverName timerPeriod tryMMap
type){input(bufferCount bufferLength clientName connectPorts dev exactName fixedSettings latency mixingEngine name
serverName streamName tryPoll voices){settings.0~settings(channels format frequency)} output(bufferCount bufferLength
clientName connectPorts dev exactName fixedSettings latency mixingEngine name serverName streamName tryPoll
voices){*settings.0}} channel:g14(type){address.0~address:d29(base bus controller cssid devno domain function iobase
irq multifunction port reg slot ssid target type unit){zpci(fid uid)} alias.0~alias:d26(name) log(append file)
protocol(type) source(append channel host master mode path service slave tls){clipboard(copypaste) mouse(mode)
reconnect(delay enabled timeout) seclabel(labelskip model relabel){label}} target(address name port state type)}
console:g13(tty type){acpi.0~acpi:d26(index nodeset) *address.0 *alias.0 log(append file) protocol(type) source(channel
host master mode path service slave tls g11=append){clipboard(copypaste) mouse(mode) reconnect(delay enabled timeout)
seclabel(labelskip model relabel){label}} target(port type){model(name)}} controller:k1(index model type
k2=maxEventChannels,maxGrantFrames,ports,vectors){*acpi.0 address.1~address:d28(base bus controller cssid devno domain
function iobase irq multifunction port reg slot ssid target type unit){zpci(fid uid)} *alias.0 driver:k2(ats
cmd_per_lun ioeventfd iommu iothread max_sectors packed page_per_vq queues){iothreads{iothread(id){queue(id)}}}
master:k2(startport) model:k2(name) pcihole64:k2(unit) serial:k2 target:k2(busNr chassis chassisNr hotplug index
memReserve port){node}} crypto:g16(model type){*address.0 *alias.0 backend(model queues) driver.0~driver(ats iommu
packed page_per_vq)} disk:d2(device type d3=rawio,sgio d4=model d5=snapshot){*acpi.0 address:d27(base bus controller
cssid devno domain function iobase irq multifunction port reg slot ssid target type unit){zpci(fid uid)} *alias.0
auth.0~auth:d14(username){secret.0~secret(type usage uuid)} backenddomain.0~backenddomain:a12(name)
backingStore:d12(index type){format.0~format(type){metadata_cache{max_size(unit)}} source(dev dir fdgroup file index
managed mode name namespace path pool protocol query startupPolicy tls tlsHostname type volume){address(bus domain
function multifunction slot) auth(username){secret.1~secret(type usage uuid)} config(file) cookies{cookie(name)}
dataStore{*format.0} encryption(engine format){cipher(hash mode name size) ivgen(hash name) *secret.1} host(name port
socket transport) identity(agentsock group keyfile user username) initiator{iqn(name)} knownHosts(path) privateData
readahead(size) reconnect.0~reconnect(delay enabled timeout) reservations(managed migration){source(mode path
type){*reconnect.0}} seclabel(labelskip model relabel){label} slices{slice(offset size type)} snapshot(name)
ssl(verify) timeout(seconds)}} blockio:d23(discard_granularity logical_block_size physical_block_size)
boot.0~boot:d17(loadparm order) driver:d15(cache name type d16=ats,copy_on_read,detect_zeroes,discard,discard_no_unref
d16=error_policy,event_idx,io,ioeventfd,iommu d16=iothread,packed,page_per_vq,queue_size,queues
d16=rerror_policy){iothreads:d16{iothread(id){queue(id)}} metadata_cache:d16{max_size(unit)}
statistics:d16{latency-histogram(type){bin(start)} statistic(interval)}} encryption.0~encryption:d14(engine
format){cipher(hash mode name size) ivgen(hash name) *secret.0} geometry:d3(cyls heads secs trans)
iotune:d22{group_name read_bytes_sec read_bytes_sec_max read_bytes_sec_max_length read_iops_sec read_iops_sec_max
read_iops_sec_max_length size_iops_sec total_bytes_sec total_bytes_sec_max total_bytes_sec_max_length total_iops_sec
total_iops_sec_max total_iops_sec_max_length write_bytes_sec write_bytes_sec_max write_bytes_sec_max_length
write_iops_sec write_iops_sec_max write_iops_sec_max_length} mirror:d11(file format job ready type){backingStore(index
type){format.1~format(type){metadata_cache{max_size(unit)}} source(dev dir fdgroup file index managed mode name
namespace path pool protocol query startupPolicy tls tlsHostname type volume){address.2~address(bus domain function
multifunction slot) auth.1~auth(username){secret.2~secret(type usage uuid)} config(file)
cookies.0~cookies{cookie(name)} dataStore{format(type){metadata_cache}} encryption.1~encryption(engine
format){cipher(hash mode name size) ivgen(hash name) *secret.2} host.0~host(name port socket transport)
identity.0~identity(agentsock group keyfile user username) initiator.0~initiator{iqn(name)}
knownHosts.0~knownHosts(path) privateData readahead.0~readahead(size) reconnect.1~reconnect(delay enabled timeout)
reservations.0~reservations(managed migration){source(mode path type){*reconnect.1}} seclabel.0~seclabel(labelskip
model relabel){label} slices.0~slices{slice(offset size type)} snapshot.0~snapshot(name) ssl(verify)
timeout.0~timeout(seconds)}} *format.1 source(dev dir fdgroup file index managed mode name namespace path pool protocol
query startupPolicy tls tlsHostname type volume){*address.2 *auth.1 config(file) *cookies.0 dataStore{*format.1}
*encryption.1 *host.0 *identity.0 *initiator.0 *knownHosts.0 privateData *readahead.0 *reconnect.1 *reservations.0
*seclabel.0 *slices.0 *snapshot.0 ssl(verify) *timeout.0}} privateData.0~privateData:d11 product:d21 readonly:d18
serial:d21 shareable:d19 source:d10(dev file startupPolicy d11=fdgroup,index d14=dir,managed,mode,name,namespace
d14=path,pool,protocol,query,tls d14=tlsHostname,type,volume){address:d14(bus domain function multifunction slot)
*auth.0 config:d14(file) cookies:d14{cookie(name)} dataStore:d14{format(type){metadata_cache{max_size(unit)}}}
*encryption.0 host:d14(name port socket transport) identity:d14(agentsock group keyfile user username)
initiator:d14{iqn(name)} knownHosts:d14(path) privateData:d14 readahead:d14(size) reconnect.2~reconnect:d14(delay
enabled timeout) reservations:d14(managed migration){source(mode path type){*reconnect.2}} seclabel:d3(labelskip model
relabel){label} slices:d14{slice(offset size type)} snapshot:d14(name) ssl:d14(verify) timeout:d14(seconds)}
target:d6(dev rotation_rate tray d3=dpofua,removable d4=bus) throttlefilters:d3{throttlefilter(group)}
transient:d5(shareBacking) vendor:d21 wwn:d21} emulator filesystem:k4(accessmode type
k5=dmode,fmode,model,multidevs){*acpi.0 *address.0 *alias.0 binary:k5(path xattr){cache(mode) lock(flock posix)
openfiles(max) sandbox(mode) thread_pool(size)} boot:k5(loadparm order) driver:k5(ats format iommu packed page_per_vq
queue type wrpolicy) idmap:k5{gid(count start target) uid(count start target)} readonly source(dir
k5=dev,file,name,socket,units k5=usage) space_hard_limit:k5(unit) space_soft_limit:k5(unit) target(dir)}
graphics:g5(autoport keymap listen passwd port type g6=address,connected,defaultMode,display,fullscreen
g6=multiUser,p2p,passwdValidTo,powerControl,replaceUser g6=sharePolicy,socket,tlsPort,username,wait
g6=websocket,xauth){audio:g6(id) channel:g6(mode name) clipboard:g6(copypaste) filetransfer:g6(enable) gl:g6(enable
rendernode) image:g6(compression) jpeg:g6(compression) listen(address network socket type) mouse:g6(mode)
playback:g6(compression) streaming:g6(mode) zlib:g6(compression)} hostdev:g3(managed mode type
g4=display,model,ramfb,rawio,sgio){*acpi.0 *address.0 *alias.0 boot:g4(loadparm order) driver:g4(iommufd model name)
ip:g4(address family peer prefix) readonly:g4 rom:g4(bar enabled file) route:g4(address family gateway metric netmask
prefix) shareable:g4 source(g4=guestReset,name,protocol,startupPolicy,writeFiltering g4=wwpn){adapter:g4(managed name
parent parent_fabric_wwn parent_wwnn parent_wwpn type wwnn wwpn){parentaddr(unique_id){address(bus domain function
multifunction slot)}} address(bus device domain function multifunction port slot target unit uuid)
auth:g4(username){secret(type usage uuid)} block:g4 char:g4 host:g4(name port) initiator:g4{iqn(name)} interface:g4
product(id) vendor(id)} teaming:g4(persistent type)} hub:g16(type){*address.0 *alias.0} input:g1(bus model
type){*acpi.0 *address.0 *alias.0 driver(ats iommu packed page_per_vq) source(dev evdev grab grabToggle repeat)}
interface:n1(type n13=managed,trustGuestRxFilters){*acpi.0 *address.1 *alias.0 backend:n13(fqdn hostname logFile tap
type vhost) *backenddomain.0 bandwidth:n12(classID){inbound(average burst floor peak) outbound(average burst floor
peak)} *boot.0 coalesce:n13{rx{frames(max)}} downscript:n13(path) driver:n13(ats event_idx ioeventfd iommu iommufd
model name packed page_per_vq queues rss rss_hash_report rx_queue_size tx_queue_size txmode){guest(csum ecn tso4 tso6
ufo) host(csum ecn gso mrg_rxbuf tso4 tso6 ufo)} filterref:n9(filter){parameter(name value)} guest:n13(actual dev)
ip:n13(address family peer prefix) link:n6(state) mac:n4(address check currentAddress type) model:n5(type)
mtu:n13(size) port:n9(isolated) portForward:n13(address dev proto){range(end exclude start to)} rom:n11(bar enabled
file) route:n13(address family gateway metric netmask prefix) script:n13(path) source:n2(bridge connectionid dev mode
network portgroup portgroupid portid switchid n3=address,macTableManager,missing,name,path n3=port,type){address:n3(bus
device domain function multifunction port slot type) ip:n3(address family peer prefix) local:n3(address port)
product:n3(id) reconnect:n3(delay enabled timeout) route:n3(address family gateway metric netmask prefix)
vendor:n3(id)} target:n7(dev managed) teaming:n9(persistent type) tune:n13{sndbuf}
virtualport:n3(type){parameters(instanceid interfaceid managerid profileid typeid typeidversion)} vlan:n8(trunk){tag(id
nativeMode)}} iommu:g20(model){*acpi.0 *address.0 *alias.0 driver(aw_bits caching_mode dma_translation eim intremap
iotlb passthrough pciBus xtsup){granule(mode size unit)}} lease:d3{key lockspace target(offset path)}
memballoon:g16(autodeflate freePageReporting model){*acpi.0 *address.0 *alias.0 *driver.0 stats(period)}
memory:g19(access discard model){*acpi.0 *address.0 *alias.0 driver(ats iommu packed page_per_vq)
source{alignsize(unit) nodemask pagesize(unit) path pmem} target(dynamicMemslots){address(base) block(unit)
current(unit) label{size(unit)} node readonly requested(unit) size(unit)} uuid} nvram:g16{*address.0}
panic:g16(model){*address.0 *alias.0} parallel:g10(tty type){*acpi.0 *address.0 *alias.0 log.0~log:g12(append file)
protocol.0~protocol(type) source.0~source(host mode path service g11=append
g12=channel,master,slave,tls){clipboard:g12(copypaste) mouse:g12(mode) reconnect:g12(delay enabled timeout)
seclabel:g12(labelskip model relabel){label}} target.0~target(port g12=type){model:g12(name)}}
pstore:g16(backend){*address.0 *alias.0 path size(unit)} redirdev:g16(bus type){*address.0 *alias.0 boot(loadparm
order) log.1~log(append file) protocol.1~protocol(type) source.1~source(append channel host master mode path service
slave tls){clipboard(copypaste) mouse(mode) reconnect(delay enabled timeout) seclabel(labelskip model relabel){label}}}
redirfilter:g16{usbdev(allow class product vendor version)} rng:g16(model){*acpi.0 *address.0 *alias.0 backend(model
type){*log.1 *protocol.1 *source.1} *driver.0 rate(bytes period)} serial:g10(tty type){*acpi.0 *address.0 *alias.0
*log.0 *protocol.0 *source.0 *target.0} shmem:g15(name role){*acpi.0 *address.0 *alias.0 model(type) msi(ioeventfd
vectors) server(path) size(unit)} smartcard:g15(mode type){*acpi.0 *address.0 certificate database log(append file)
protocol(type) source(append channel host master mode path service slave tls){clipboard(copypaste) mouse(mode)
reconnect(delay enabled timeout) seclabel(labelskip model relabel){label}} target(port type){model(name)}}
sound:g2(model multichannel streams){*acpi.0 *address.0 *alias.0 audio(id) codec(type) driver(ats iommu packed
page_per_vq)} tpm:g17(model){*address.0 *alias.0 backend(debug persistent_state type version){active_pcr_banks{sha1
sha256 sha384 sha512} device(path) encryption(secret) profile(name removeDisabled source) source(mode path type)}}
video:g7{*acpi.0 *address.0 *alias.0 driver:g8(ats iommu name packed page_per_vq vgaconf) model(heads primary type vram
g8=blob,edid,ram,vgamem,vram64){acceleration:g8(accel2d accel3d rendernode) resolution:g8(x y)}}
vsock:g16(model){*acpi.0 *address.0 *alias.0 cid(address auto) *driver.0} watchdog:g16(action model){*acpi.0 *address.0
*alias.0}} features:f1{acpi aia:f8(value) apic(eoi) async-teardown:f7(enabled)
capabilities:f8(policy){audit_control(state) audit_write(state) block_suspend(state) chown(state) dac_override(state)
dac_read_search(state) fowner(state) fsetid(state) ipc_lock(state) ipc_owner(state) kill(state) lease(state)
linux_immutable(state) mac_admin(state) mac_override(state) mknod(state) net_admin(state) net_bind_service(state)
net_broadcast(state) net_raw(state) setfcap(state) setgid(state) setpcap(state) setuid(state) sys_admin(state)
sys_boot(state) sys_chroot(state) sys_module(state) sys_nice(state) sys_pacct(state) sys_ptrace(state) sys_rawio(state)
sys_resource(state) sys_time(state) sys_tty_config(state) syslog(state) wake_alarm(state)} ccf-assist:f8(state)
cfpc:f8(value) gic:f8(version) hap:f8(state) hpt:f8(resizing){maxpagesize(unit)} htm:f8(state)
hyperv:f4(mode){avic(state) emsr_bitmap(state) evmcs(state) frequencies(state) ipi(state) reenlightenment(state)
relaxed(state) reset(state) runtime(state) spinlocks(retries state) stimer(state){direct.0~direct(state)} synic(state)
tlbflush(state){*direct.0 extended(state)} vapic(state) vendor_id(state value) vpindex(state) xmm_input(state)}
ibs:f8(value) ioapic:f7(driver) kvm:f4{dirty-ring(size state) hidden:f2(state) hint-dedicated(state)
poll-control(state) pv-ipi(state)} msrs:f7(unknown) nested-hv:f8(state) pae pmu:f2(state) privnet:f8 ps2:f7(state)
pvspinlock:f8(state) ras:f8(state) sbbc:f8(value) smm:f7(state){tseg(unit)} tcg:f4{tb-cache(unit)} viridian:f4
virtualization:f8 vmcoreinfo:f7(state) vmport(state) xen:f4{e820_host(state) passthrough(mode state)}} genid:a6
hwuuid:a4 idmap:a12{gid(count start target) uid(count start target)} iommufd:f13(enabled fdgroup)
iothreadids:c5{iothread(id thread_pool_max thread_pool_min){poll(grow max shrink)}} iothreads:c5
keywrap:f13{cipher(name state)} launchSecurity:f14(authorKey kernelHashes type vcek){cbitpos dhCert
guestVisibleWorkarounds handle hostData idAuth idBlock mrConfigId mrOwner mrOwnerConfig policy
quoteGenerationService(path) reducedPhysBits session} maxMemory:b3(slots unit) memory:b1(unit a10=dumpCore)
memoryBacking:b5{access:b9(mode) allocation:b9(mode threads) discard:b9 hugepages:b8{page(nodeset size unit)} locked:b6
nosharepages:b6 source:b9(type)} memtune:b5{hard_limit:b12(unit) min_guarantee:b11(unit) soft_limit:b12(unit)
swap_hard_limit:b12(unit)} metadata:a9{*(*)} name:a3 namespace:a12{shareipc(type value) sharenet(type value)
shareuts(type value)} numatune:c11{memnode:c12(cellid mode nodeset) memory(mode nodeset placement)} on_crash:f12
on_lockfailure:f12 on_poweroff:f12 on_reboot:f12 os:o1(o4=firmware){acpi:o15{table(type)} bios:o14(rebootTimeout
useserial) boot:o11(dev) bootmenu:o12(enable timeout) cmdline:o9 dtb:o9 firmware:o5{feature(enabled name)} init:a12
initarg:a12 initdir:a12 initenv:a12(name) initgroup:a12 initrd:o9 inituser:a12 kernel:o9 loader:o6(format readonly
secure stateless type) nvram:o7(type o8=format,template,templateFormat){source(file o8=dev,dir,fdgroup,index,managed
o8=mode,name,namespace,path,pool o8=protocol,query,startupPolicy,tls,tlsHostname o8=type,volume){address:o8(bus domain
function multifunction slot) auth:o8(username){secret.3~secret(type usage uuid)} config:o8(file)
cookies:o8{cookie(name)} dataStore:o8{format(type){metadata_cache{max_size(unit)}}} encryption:o8(engine
format){cipher(hash mode name size) ivgen(hash name) *secret.3} host:o8(name port socket transport)
identity:o8(agentsock group keyfile user username) initiator:o8{iqn(name)} knownHosts:o8(path) privateData:o8
readahead:o8(size) reconnect.3~reconnect:o8(delay enabled timeout) reservations:o8(managed migration){source(mode path
type){*reconnect.3}} seclabel:o8(labelskip model relabel){label} slices:o8{slice(offset size type)} snapshot:o8(name)
ssl:o8(verify) timeout:o8(seconds)}} root:o9 shim:o9 smbios:o13(mode) type(o2=arch o3=machine) varstore:o8(path
template)} override:a11{device(alias){frontend{property(name type value)}}} perf:f13{event(enabled name)}
pm:f12{suspend-to-disk(enabled) suspend-to-mem(enabled)} resource:f13{fibrechannel(appid) partition} seclabel:f13(model
relabel type){baselabel imagelabel label} sysinfo:o16(type){baseBoard{entry(name)} bios{entry(name)}
chassis{entry(name)} entry(file name) oemStrings{entry} system{entry(name)}}
throttlegroups:f13{throttlegroup{group_name *read_bytes_sec.0 read_bytes_sec_max read_bytes_sec_max_length
*read_iops_sec.0 read_iops_sec_max read_iops_sec_max_length size_iops_sec total_bytes_sec total_bytes_sec_max
total_bytes_sec_max_length total_iops_sec total_iops_sec_max total_iops_sec_max_length *write_bytes_sec.0
write_bytes_sec_max write_bytes_sec_max_length *write_iops_sec.0 write_iops_sec_max write_iops_sec_max_length}}
title:a7 uuid:a4 vcpu:c1(c2=cpuset,placement c4=current) vcpus:c4{vcpu(enabled hotpluggable id order)}}
"""
