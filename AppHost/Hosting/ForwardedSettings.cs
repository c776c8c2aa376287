using System.Collections;

namespace MedCor.AppHost.Hosting;

/// <summary>Forwards <c>MCP_*</c> and <c>OPENAI_*</c> variables from the host's environment to the services that read them.</summary>
internal static class ForwardedSettings
{
    private static readonly string[] SecretEndings =
    [
        "_KEY", "_TOKEN", "_SECRET", "_PASSWORD",
        // The URL can contain a password (MCP_DATABASE_URL).
        "_URL",
    ];

    /// <summary>Returns whether an environment variable is set.</summary>
    public static bool IsSet(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 };

    /// <summary>
    /// Sets every <c>MCP_*</c> and <c>OPENAI_*</c> variable of this process for the projects that read it. Secrets become parameters, whose values are
    /// masked wherever they are displayed.
    /// </summary>
    /// <param name="readers">Returns the projects that read a variable. Secrets go only to the projects that use them.</param>
    public static void ForwardSettings(this ApplicationModel host, Func<string, IEnumerable<ReplicatedProject>> readers)
    {
        if (host.IsPublishing) return;
        foreach (var (name, value) in GetVariables().ToArray())
        {
            // Every process that the host starts inherits its environment, so a variable for some services only must not stay in it.
            Environment.SetEnvironmentVariable(name, null);
            // The gateway's address is set by its endpoint (ASPNETCORE_URLS).
            if (name is "MCP_SERVER_HOST" or "MCP_SERVER_PORT") continue;
            var secret = SecretEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal))
                ? host.Builder.AddParameter(ParameterName(name), () => value, secret: true)
                : null;
            foreach (var project in readers(name))
                project.With(replica => _ = secret is null ? replica.WithEnvironment(name, value) : replica.WithEnvironment(name, secret));
        }
    }

    private static IEnumerable<(string Name, string Value)> GetVariables() =>
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        let value = (string?)variable.Value
        // A variable with an empty value, as templates of environment files contain, counts as not set.
        where value is { Length: > 0 }
        where name.StartsWith("MCP_", StringComparison.Ordinal) || name.StartsWith("OPENAI_", StringComparison.Ordinal)
        orderby name
        // Services run in their own directories, so a relative path would not be resolved against the host's.
        select (name, name == "MCP_LOG_FILE" ? Path.GetFullPath(value) : value);

    private static string ParameterName(string variable) => string.Join('-', variable.Split('_', StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
}
