using System.Globalization;
using MedCor.Hosting.ApplicationModel;

namespace MedCor.Hosting.Running;

/// <summary>An environment variable of a service; a secret one is shown masked.</summary>
internal sealed record Variable(string Name, string Value, bool IsSecret = false);

/// <summary>Where services send their telemetry.</summary>
internal sealed record Telemetry(string Endpoint, string? Protocol, string? Headers);

/// <summary>The environment of a service: what Aspire 13.5 gives it, by the same names.</summary>
internal static class ServiceEnvironment
{
    public static async Task<IReadOnlyList<Variable>> OfAsync(ProjectResource project, string instance, int replica, Telemetry? telemetry, string? dashboard)
    {
        List<Variable> variables =
        [
            new("ASPNETCORE_ENVIRONMENT", "Development"),
            new("DOTNET_ENVIRONMENT", "Development"),
            // Many small processes share the machine.
            new("DOTNET_gcServer", "0"),
        ];

        if (project.Http is { } endpoint)
        {
            variables.Add(new("ASPNETCORE_URLS", string.Create(CultureInfo.InvariantCulture, $"http://{endpoint.TargetHost}:{project.Addresses[replica - 1].Port}")));
        }

        foreach (var (name, source) in project.Connections)
        {
            variables.Add(new($"ConnectionStrings__{name}", await source.GetConnectionStringAsync() ?? "", IsSecret: true));
        }

        foreach (var other in project.References.DistinctBy(other => other.Name).Where(other => other.Addresses.Count > 0))
        {
            variables.AddRange(other.Addresses.Select((address, index) =>
                new Variable(string.Create(CultureInfo.InvariantCulture, $"services__{other.Name}__http__{index}"), Plain(address))));
            variables.Add(new($"{other.Name.ToUpperInvariant().Replace('-', '_')}_HTTP", Plain(other.Addresses[0])));
        }

        variables.AddRange(
        [
            new("OTEL_SERVICE_NAME", project.Name),
            new("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={instance}"),
            // Development wants to see things soon.
            new("OTEL_BLRP_SCHEDULE_DELAY", "1000"),
            new("OTEL_BSP_SCHEDULE_DELAY", "1000"),
            new("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            new("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
        ]);

        if (telemetry is not null)
        {
            variables.Add(new("OTEL_EXPORTER_OTLP_ENDPOINT", telemetry.Endpoint));
            if (telemetry.Protocol is not null)
            {
                variables.Add(new("OTEL_EXPORTER_OTLP_PROTOCOL", telemetry.Protocol));
            }

            if (telemetry.Headers is not null)
            {
                variables.Add(new("OTEL_EXPORTER_OTLP_HEADERS", telemetry.Headers, IsSecret: true));
            }
        }

        // For its page for people; the token that opens the dashboard is not for services.
        if (dashboard is not null && project.Http?.IsExternal == true)
        {
            variables.Add(new("MEDCOR_DASHBOARD_URL", dashboard));
        }

        variables.AddRange(project.Environment.Select(set => new Variable(set.Key, set.Value.Value(), set.Value.IsSecret)));
        return variables;
    }

    private static string Plain(Uri address) => address.GetLeftPart(UriPartial.Authority);
}
