using MedCor.AppHost.Processes;

namespace MedCor.Tests.Fixtures;

/// <summary>Installs npm packages at pinned versions below <c>tests/Fixtures/obj/</c>, where they stay between runs.</summary>
/// <param name="folder">The folder that contains <c>package.json</c>, below <c>tests</c>.</param>
internal sealed class NpmPackages(string folder)
{
    private readonly string _source = Path.Combine(MedCorFixture.RepositoryRoot(), "tests", folder);

    /// <summary>Gets the installation directory, which also holds a copy of the folder.</summary>
    public string Directory { get; } = Path.Combine(MedCorFixture.RepositoryRoot(), "tests/Fixtures/obj/npm", folder);

    /// <summary>Explains how to install what is missing.</summary>
    public string Missing =>
        $"The packages of tests/{folder} cannot be installed: that needs Node.js, npm (sudo apt-get update && sudo apt-get install -y "
        + "--no-install-recommends nodejs npm) and its registry.";

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
