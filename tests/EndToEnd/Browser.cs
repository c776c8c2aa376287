using MedCor.AppHost.Processes;
using Microsoft.Playwright;

namespace MedCor.Tests.EndToEnd;

/// <summary>Runs the system's Chromium headless, started once for all tests of a run. It ends with the test process.</summary>
internal static class Browser
{
    private static readonly Lazy<string?> Executable = new(() => Find() ?? (Task.Run(Install).Result ? Find() : null));
    private static readonly Lazy<Task<IBrowser>> Shared = new(Start);

    /// <summary>
    /// Gets whether Chromium is or can be installed: on Debian-based systems it is installed when the process runs as root, as the host does with servers.
    /// </summary>
    public static bool IsAvailable => Executable.Value is not null;

    /// <summary>Opens the gateway's smallest page in a new browser context, so that requests of its scripts have the gateway's origin.</summary>
    public static async Task<IPage> OpenGatewayPage(int gateway = 0)
    {
        var system = await MedCorFixture.Get();
        var page = await (await Shared.Value).NewPageAsync();
        await page.GotoAsync(new Uri(system.Gateways[gateway % system.Gateways.Count], "/healthz").ToString());
        return page;
    }

    /// <summary>Opens an address in a new browser context, at the given screen width in pixels.</summary>
    public static async Task<IPage> OpenPage(string address, int width = 1440)
    {
        var page = await (await Shared.Value).NewPageAsync(new() { ViewportSize = new() { Width = width, Height = 900 } });
        await page.GotoAsync(address);
        return page;
    }

    /// <summary>Opens a new browser context that runs no scripts.</summary>
    public static async Task<IBrowserContext> OpenWithoutScripts() => await (await Shared.Value).NewContextAsync(new() { JavaScriptEnabled = false });

    private static async Task<IBrowser> Start()
    {
        // Playwright's default of five seconds is too short where two processors run everything.
        Assertions.SetDefaultExpectTimeout(15_000);
        return await (await Playwright.CreateAsync()).Chromium.LaunchAsync(new() { ExecutablePath = Executable.Value });
    }

    private static string? Find() => ExecutableLocator.Find("chromium") ?? ExecutableLocator.Find("google-chrome");

    private static async Task<bool> Install()
    {
        if (!Environment.IsPrivilegedProcess || ExecutableLocator.Find("apt-get") is null) return false;
        await using var apt = await ChildProcess.Run(
            new("sh", ["-c", "apt-get -qq update && apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium"])
            {
                Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" },
            });
        return apt.ExitCode == 0;
    }
}

/// <summary>Marks a test that needs a browser.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        // Found or installed before any test begins, because a running test can no longer be skipped.
        if (!Browser.IsAvailable)
            Skip = "There is no Chromium on this machine. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium";
    }
}
