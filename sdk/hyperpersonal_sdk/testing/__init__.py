"""Running a plugin in its real sandbox in a test, with fakes for everything outside.

    def test_status(sandbox):
        sandbox.tools["commerce.orders.get"] = {"id": "#W1", "status": "delivered"}
        assert "delivered" in sandbox.reply("Where is #W1?").text

The fixture `sandbox` comes with the SDK (pytest finds it by itself).
"""
