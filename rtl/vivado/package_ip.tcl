# Packages ernn_axi for the IP catalogue of Vivado. In the project's folder, with a part that is
# installed (the IP itself is for any):
#
#   vivado -mode batch -source vivado/package_ip.tcl -tclargs xc7a100tcsg324-1
#
# Writes vivado/ip, to be added as an IP repository. The AXI interfaces are inferred from the names of
# the ports. No Vivado has run this file yet: a test plays it against stubs of the commands.
# SPDX-License-Identifier: Apache-2.0

if {[llength $argv] != 1} {
  error "one part is wanted: -tclargs PART"
}
set part [lindex $argv 0]
set root [file normalize [file join [file dirname [info script]] ..]]
set ip [file join $root vivado ip]

create_project -force -part $part package_ip [file join $root vivado build]
add_files -norecurse [lsort [glob -directory [file join $root rtl] *.v]]
add_files -norecurse -fileset constrs_1 [file join $root constraints ernn.xdc]
# The clock of a block design comes with its own constraint.
set_property used_in {synthesis implementation out_of_context} [get_files ernn.xdc]
set_property top ernn_axi [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir $ip -vendor ernn -library accelerator -taxonomy /UserIP \
  -import_files -set_current true -force
set core [ipx::current_core]
set_property name ernn_axi $core
set_property display_name "ernn accelerator" $core
set_property description "Recurrent network: AXI4-Lite control, AXI4-Stream frames" $core

foreach interface {s_axi s_axis m_axis} {
  ipx::associate_bus_interfaces -busif $interface -clock aclk $core
}
ipx::infer_bus_interface irq xilinx.com:signal:interrupt_rtl:1.0 $core

ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity $core
ipx::save_core $core
close_project
