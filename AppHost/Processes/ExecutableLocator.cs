namespace MedCor.AppHost.Processes;

/// <summary>Finds programs on this machine.</summary>
internal static class ExecutableLocator
{
    // The PATH of service users and minimal shells often lacks the system directories.
    private static readonly string[] SystemDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
        "/opt/homebrew/bin", "/opt/homebrew/sbin"];

    /// <summary>Gets the path of the <c>dotnet</c> executable that runs this process and the services.</summary>
    public static string DotNet { get; } =
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "../../..", "dotnet"));

    /// <summary>Returns the path of a program, or null when it is not installed.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(SystemDirectories)
        .Select(directory => Path.Combine(directory, name))
        .FirstOrDefault(File.Exists);
}
