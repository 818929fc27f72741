"""The inside of a native plugin's process: the standard library only, until the plugin is loaded.

wire   frames on the one connection to the host      line   that connection, in an event loop
call   one open call: its asks, deadline and logs     main   the program
repeat randomness that a second run gets again        http   for vendors' official clients
"""
