using System.Diagnostics;
using MedCor.AppHost.Processes;
using Microsoft.Playwright;

namespace MedCor.Tests.EndToEnd;

/// <summary>Chromium as the system's packages have it, without a window, started once for all tests of a run. Ends with the test process.</summary>
internal static class Browser
{
    private static readonly Lazy<string?> Executable = new(() => Find() ?? (Install() ? Find() : null));
    private static readonly Lazy<Task<IBrowser>> Shared = new(Start);

    /// <summary>Whether there is one on this machine, or can be: on Debian and its kin root gets it installed, as the host does with servers.</summary>
    public static bool IsAvailable => Executable.Value is not null;

    /// <summary>The smallest page of the gateway's own, with nothing of other pages': what its scripts ask for goes where it came from.</summary>
    public static async Task<IPage> OpenGatewayPage(int gateway = 0)
    {
        var house = await MedCorFixture.Get();
        var page = await (await Shared.Value).NewPageAsync();
        await page.GotoAsync(new Uri(house.Gateways[gateway % house.Gateways.Count], "/healthz").ToString());
        return page;
    }

    /// <summary>A page with nothing of other pages' that shows this address, on a screen that is wide or not.</summary>
    public static async Task<IPage> OpenPage(string address, int width = 1440)
    {
        var page = await (await Shared.Value).NewPageAsync(new() { ViewportSize = new() { Width = width, Height = 900 } });
        await page.GotoAsync(address);
        return page;
    }

    private static async Task<IBrowser> Start()
    {
        // Five seconds, Playwright's own limit, are little where two processors run everything.
        Assertions.SetDefaultExpectTimeout(15_000);
        return await (await Playwright.CreateAsync()).Chromium.LaunchAsync(new() { ExecutablePath = Executable.Value });
    }

    private static string? Find() => ExecutableLocator.Find("chromium") ?? ExecutableLocator.Find("google-chrome");

    private static bool Install()
    {
        if (!Environment.IsPrivilegedProcess || ExecutableLocator.Find("apt-get") is null) return false;
        using var apt = Process.Start(new ProcessStartInfo("sh", ["-c", "(apt-get -qq update && apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends chromium) > /dev/null"])
        {
            Environment = { ["DEBIAN_FRONTEND"] = "noninteractive" },
        })!;
        apt.WaitForExit();
        return apt.ExitCode == 0;
    }
}

/// <summary>A test that needs a browser.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        // Found, or installed, before any test begins: one that has begun can no longer be skipped.
        if (!Browser.IsAvailable) Skip = "There is no Chromium on this machine. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium";
    }
}
