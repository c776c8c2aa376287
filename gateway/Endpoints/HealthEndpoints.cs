using System.Net;
using System.Net.Mime;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// <c>/healthz</c>: the process runs. <c>/readyz</c>: all that it leads to runs too, or what of it does not, by name. For people and monitors; an
/// orchestrator that takes gateways out of use by it would turn the loss of one service into the loss of all, so it asks <c>/health</c>.
/// </summary>
internal static class HealthEndpoints
{
    public static void AddHealth(this WebApplicationBuilder builder)
    {
        var checks = builder.Services.AddHealthChecks();
        foreach (var service in ToolCatalogue.All.Values.Select(t => t.Service).Distinct())
            checks.AddDependencyCheck(service, s => new ServiceCheck(s.GetRequiredService<ServiceHttpInvoker>(), service));
        checks.AddDependencyCheck("model", s => new ModelCheck(s.GetRequiredService<ServiceHttpInvoker>()));
    }

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", http => http.Response.WriteAsJsonAsync(new { Status = "ok" }, Json.Options, http.RequestAborted)).AllowAnonymous();
        app.MapGet("/readyz", (HttpContext http, Readiness readiness) => readiness.WriteResponseAsync(http, requiredOnly: false)).AllowAnonymous();
    }

    /// <summary>Whether a replica of a service is ready, and what it says it lacks.</summary>
    private sealed class ServiceCheck(ServiceHttpInvoker upstream, string service) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{service}/health");
            using var response = await upstream.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode) return HealthCheckResult.Healthy();
            var told = response.StatusCode == HttpStatusCode.ServiceUnavailable && response.Content.Headers.ContentType?.MediaType == MediaTypeNames.Application.Json
                ? await response.Content.ReadFromJsonAsync<ServiceReadiness>(Json.Options, cancellationToken)
                : null;
            return told?.Reasons is { Count: > 0 } reasons ? HealthCheckResult.Degraded($"{service}: {string.Join(", ", reasons)}") : HealthCheckResult.Unhealthy($"{service} is not ready");
        }

        private sealed record ServiceReadiness(IReadOnlyList<string>? Reasons);
    }

    /// <summary>What Chat says that its model lacks. That Chat itself does not answer is told of it already.</summary>
    private sealed class ModelCheck(ServiceHttpInvoker upstream) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "http://chat/chat/model");
                using var response = await upstream.SendAsync(request, cancellationToken);
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
