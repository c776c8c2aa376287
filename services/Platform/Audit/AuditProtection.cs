using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Audit;

/// <summary>Registers what keeps an audit trail from being silenced or shortened unnoticed.</summary>
public static class AuditProtection
{
    /// <summary>Adds the check of what is written, and the log and the archive of the chains' heads.</summary>
    /// <param name="service">The name of the service, in lower case.</param>
    public static void AddAuditProtection(this WebApplicationBuilder builder, string service)
    {
        builder.Services.AddOptions<AuditArchiveOptions>().BindConfiguration("AuditArchive").ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AuditArchiveOptions>, AuditArchiveOptionsValidator>();
        builder.Services.AddSingleton<AuditWriteCheck>().AddSingleton<AuditHeadLog>();
        builder.Services.AddSingleton(provider => new AuditHeadArchive(
            provider.GetRequiredService<IOptions<AuditArchiveOptions>>(), service, provider.GetRequiredService<TimeProvider>()));
    }
}
