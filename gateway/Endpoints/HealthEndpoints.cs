using System.Net;
using System.Net.Mime;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Maps <c>/healthz</c>, which reports that the process runs, and <c>/readyz</c>, which reports whether all dependencies are ready and names those that are
/// not. Both are for people and monitors. An orchestrator uses <c>/health</c>: removing gateways because of <c>/readyz</c> would turn the failure of one
/// service into the failure of all.
/// </summary>
internal static class HealthEndpoints
{
    public static void AddHealth(this WebApplicationBuilder builder)
    {
        var checks = builder.Services.AddHealthChecks();
        foreach (var service in ServiceCatalogue.All.Select(s => s.Name))
            checks.AddDependencyCheck(service, s => new ServiceCheck(s.GetRequiredService<ServiceHttpInvoker>(), service));
        checks.AddDependencyCheck("model", s => new ModelCheck(s.GetRequiredService<ServiceHttpInvoker>()));
    }

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", http => http.Response.WriteAsJsonAsync(new { Status = "ok" }, Json.Options, http.RequestAborted))
            .AllowAnonymous().DescribeLiveness();
        app.MapGet("/readyz", (HttpContext http, Readiness readiness) => readiness.WriteResponseAsync(http, requiredOnly: false))
            .AllowAnonymous().DescribeReadiness();
    }

    /// <summary>Checks whether a replica of a service is ready, and reports the reasons when it is not.</summary>
    private sealed class ServiceCheck(ServiceHttpInvoker http, string service) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{service}/health");
            using var response = await http.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode) return HealthCheckResult.Healthy();
            var readiness =
                response.StatusCode == HttpStatusCode.ServiceUnavailable && response.Content.Headers.ContentType?.MediaType == MediaTypeNames.Application.Json
                    ? await response.Content.ReadFromJsonAsync<ServiceReadiness>(Json.Options, cancellationToken)
                    : null;
            return readiness?.Reasons is { Count: > 0 } reasons
                ? HealthCheckResult.Degraded($"{service}: {string.Join(", ", reasons)}")
                : HealthCheckResult.Unhealthy($"{service} is not ready");
        }

        private sealed record ServiceReadiness(IReadOnlyList<string>? Reasons);
    }

    /// <summary>Checks the chat model through Chat. It is healthy when Chat does not respond, which the check of that service reports.</summary>
    private sealed class ModelCheck(ServiceHttpInvoker http) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "http://chat/chat/model");
                using var response = await http.SendAsync(request, cancellationToken);
                return response is { StatusCode: HttpStatusCode.ServiceUnavailable, Content.Headers.ContentType.MediaType: MediaTypeNames.Text.Plain }
                    ? HealthCheckResult.Degraded(await response.Content.ReadAsStringAsync(cancellationToken))
                    : HealthCheckResult.Healthy();
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                return HealthCheckResult.Healthy();
            }
        }
    }
}
