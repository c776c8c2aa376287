using MedCor.AppHost.Processes;

namespace MedCor.Tests.Unit.OpenApi;

/// <summary>Installs npm packages at pinned versions below <c>tests/Unit/obj/</c>, where they stay between runs.</summary>
/// <param name="name">The folder beside this file that contains <c>package.json</c>.</param>
internal sealed class NpmPackages(string name)
{
    private readonly string _source = Path.Combine(MedCorFixture.RepositoryRoot(), "tests/Unit/OpenApi", name);

    public static NpmPackages Client { get; } = new("client");
    public static NpmPackages Spectral { get; } = new("spectral");

    /// <summary>Gets the installation directory, which also holds a copy of the folder.</summary>
    public string Directory { get; } = Path.Combine(MedCorFixture.RepositoryRoot(), "tests/Unit/obj/npm", name);

    /// <summary>Installs the packages unless they are installed. Returns false when that is impossible.</summary>
    public async Task<bool> Install()
    {
        if (ExecutableLocator.Find("node") is null || ExecutableLocator.Find("npm") is null) return false;
        var (wanted, installed) = (Path.Combine(_source, "package.json"), Path.Combine(Directory, "installed.json"));
        System.IO.Directory.CreateDirectory(Directory);
        foreach (var file in System.IO.Directory.GetFiles(_source)) File.Copy(file, Path.Combine(Directory, Path.GetFileName(file)), overwrite: true);
        if (File.Exists(installed) && File.ReadAllText(installed) == File.ReadAllText(wanted)) return true;
        if ((await Run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")).ExitCode != 0) return false;
        File.Copy(wanted, installed, overwrite: true);
        return true;
    }

    /// <summary>Runs a program in the installation directory and returns its exit code and output.</summary>
    public async Task<(int ExitCode, string Said)> Run(string program, params string[] arguments)
    {
        await using var process = await ChildProcess.Run(new(program, arguments) { WorkingDirectory = Directory }, timeout: TimeSpan.FromMinutes(3));
        return (process.ExitCode, process.Console);
    }
}

/// <summary>
/// Marks a test that needs the packages to generate and compile TypeScript clients. Without them, the test is skipped locally and fails where <c>CI</c> is set.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TypeScriptFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> Installed = new(() => Task.Run(NpmPackages.Client.Install).Result);

    public TypeScriptFactAttribute()
    {
        // Installed before any test begins, because a running test can no longer be skipped.
        if (!IsAvailable && Environment.GetEnvironmentVariable("CI") is null or "") Skip = Missing;
    }

    /// <summary>Explains how to install what is missing.</summary>
    public const string Missing =
        "The packages of tests/Unit/OpenApi/client cannot be installed: that needs Node.js, npm (sudo apt-get update && sudo apt-get install -y "
        + "--no-install-recommends nodejs npm) and its registry.";

    /// <summary>Gets whether the packages are installed.</summary>
    public static bool IsAvailable => Installed.Value;
}

/// <summary>Marks a test that needs Spectral. Because Spectral has two hundred packages, the test runs only on request.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SpectralFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> IsAvailable = new(() => Task.Run(NpmPackages.Spectral.Install).Result);

    public SpectralFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("MEDCOR_SPECTRAL") is not "1") Skip = "Set MEDCOR_SPECTRAL=1 to have the document checked by Spectral.";
        else if (!IsAvailable.Value) Skip = "The packages of tests/Unit/OpenApi/spectral cannot be installed: that needs Node.js, npm and its registry.";
    }
}
