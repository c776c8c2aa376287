using MedCor.AppHost.Processes;
using Microsoft.Extensions.Configuration;

namespace MedCor.AppHost.Hosting;

/// <summary>Configures how the programs of the projects are started.</summary>
internal static class ServiceEnvironment
{
    // Aspire sets these variables so that telemetry shows everything in development. Here that would put what patients write into traces.
    private static readonly string[] DisclosingVariables =
    [
        "OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION",
        "OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    ];

    private static readonly string[] ExporterVariables = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS"];

    /// <summary>Starts the built program itself. Aspire would use <c>dotnet run</c>, which takes seconds and 130 MB per program.</summary>
    public static IResourceBuilder<ProjectResource> UseBuiltProgram(this IResourceBuilder<ProjectResource> project) => project
        .WithAnnotation(new ExecutableAnnotation
        {
            Command = ExecutableLocator.DotNet, WorkingDirectory = Path.GetDirectoryName(project.Resource.GetProjectMetadata().ProjectPath)!
        })
        .WithArgs(project.Resource.GetBuiltProgramPath());

    /// <summary>Returns the path of the built program of a project.</summary>
    public static string GetBuiltProgramPath(this ProjectResource project)
    {
        var file = project.GetProjectMetadata().ProjectPath;
        // The project is built together with this program, so its output directory has the same name.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Path.GetDirectoryName(file)!, "bin", output.Parent!.Name, output.Name, Path.GetFileNameWithoutExtension(file) + ".dll");
    }

    /// <summary>
    /// Sets the environment variables of a service, and removes those that Aspire sets and that a service with patient data must not have.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithServiceEnvironment(
        this IResourceBuilder<ProjectResource> project, string service, int replica, bool hasDashboard, IConfiguration configuration) =>
        project.WithEnvironment(context =>
        {
            var variables = context.EnvironmentVariables;
            variables["ASPNETCORE_ENVIRONMENT"] = variables["DOTNET_ENVIRONMENT"] = "Development";
            foreach (var name in DisclosingVariables) variables[name] = "false";

            // Telemetry shows all replicas as one service.
            var instance = variables["MEDCOR_INSTANCE"] = $"{service}-{replica}";
            variables["OTEL_SERVICE_NAME"] = service;
            if (configuration[ExporterVariables[0]] is { Length: > 0 })
            {
                variables["OTEL_RESOURCE_ATTRIBUTES"] = $"service.instance.id={instance}";
                foreach (var name in ExporterVariables)
                {
                    if (configuration[name] is { Length: > 0 } value) variables[name] = value;
                    else variables.Remove(name);
                }
            }
            else if (!hasDashboard)
            {
                foreach (var name in ExporterVariables) variables.Remove(name);
            }
            else if (project.Resource.Name != service)
            {
                // The dashboard joins the service name and instance id to the orchestrator's name of the resource, and finds the telemetry of the resource by
                // it.
                variables["OTEL_RESOURCE_ATTRIBUTES"] = $$$"""service.instance.id={{{replica}}}-{{- index .Annotations "otel-service-instance-id" -}}""";
            }
        });
}
