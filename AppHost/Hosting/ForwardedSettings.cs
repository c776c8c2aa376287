using System.Collections;

namespace MedCor.AppHost.Hosting;

/// <summary>Hands the variables of the contract on from the host's environment to the services that read them.</summary>
internal static class ForwardedSettings
{
    private static readonly string[] SecretEndings =
    [
        "_KEY", "_TOKEN", "_SECRET", "_PASSWORD",
        // May carry a password (MCP_DATABASE_URL).
        "_URL",
    ];

    /// <summary>Returns whether a variable is set.</summary>
    public static bool IsSet(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 };

    /// <summary>
    /// Sets every <c>MCP_*</c> and <c>OPENAI_*</c> variable of this process for the projects that may read it. Secrets become parameters,
    /// whose values are masked wherever they are shown.
    /// </summary>
    /// <param name="readers">Returns who reads a variable; secrets go to nobody who has no use for them.</param>
    public static void ForwardSettings(this ApplicationModel host, Func<string, IEnumerable<ReplicatedProject>> readers)
    {
        if (host.IsPublishing) return;
        foreach (var (name, value) in GetVariables().ToArray())
        {
            // Everything that the host starts inherits its environment: what is for some alone must not stay in it.
            Environment.SetEnvironmentVariable(name, null);
            // Where the gateway listens is its endpoint's matter (ASPNETCORE_URLS).
            if (name is "MCP_SERVER_HOST" or "MCP_SERVER_PORT") continue;
            var secret = SecretEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal)) ? host.Builder.AddParameter(ParameterName(name), () => value, secret: true) : null;
            foreach (var project in readers(name)) project.With(replica => _ = secret is null ? replica.WithEnvironment(name, value) : replica.WithEnvironment(name, secret));
        }
    }

    private static IEnumerable<(string Name, string Value)> GetVariables() =>
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        let value = (string?)variable.Value
        // A name without a value, as templates of such files have them, sets nothing.
        where value is { Length: > 0 }
        where name.StartsWith("MCP_", StringComparison.Ordinal) || name.StartsWith("OPENAI_", StringComparison.Ordinal)
        orderby name
        // Services run in folders of their own.
        select (name, name == "MCP_LOG_FILE" ? Path.GetFullPath(value) : value);

    private static string ParameterName(string variable) => string.Join('-', variable.Split('_', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
}
