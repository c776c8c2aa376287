using System.Reflection;
using MedCor.Platform.Database;
using MedCor.Platform.OperatorCommands;
using MedCor.Platform.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace MedCor.Platform.Encryption;

/// <summary>Registers the encryption of a service's texts.</summary>
internal static class EncryptionServices
{
    /// <summary>Adds the encryption of every <see cref="IEncryptedRow"/> of an assembly: its keys, its background work and its operator commands.</summary>
    internal static void AddTextEncryption(this WebApplicationBuilder builder, Assembly assembly, string service)
    {
        var services = builder.Services;
        services.AddOptions<EncryptionOptions>().BindConfiguration("Encryption").ValidateOnStart();
        services.AddSingleton<IValidateOptions<EncryptionOptions>, EncryptionOptionsValidator>();
        builder.AddKeyedNpgsqlDataSource(DataKeys.DataSource, settings =>
        {
            settings.ConnectionString = PlatformService.BuildConnectionString(builder.Configuration.GetConnectionString("db"), service,
                maxConnections: DataKeys.MaxConnections);
            settings.DisableHealthChecks = true;
        });
        services.AddSingleton<DataKeyWrapping>();
        services.AddSingleton(provider => new DataKeys(provider.GetRequiredKeyedService<NpgsqlDataSource>(DataKeys.DataSource),
            provider.GetRequiredService<DataKeyWrapping>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new TextEncryption(
            provider.GetRequiredService<DataKeys>(), provider.GetRequiredService<ILogger<TextEncryption>>()));
        foreach (var row in assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(IEncryptedRow)) && t.IsClass))
            services.AddScoped(typeof(IEncryptedTable),
                assembly.GetTypes().SingleOrDefault(t => t.IsAssignableTo(typeof(IEncryptedTable<>).MakeGenericType(row)) && t.IsClass)
                    ?? typeof(EncryptedTable<>).MakeGenericType(row));
        services.AddHostedService<ReencryptionService>();
        services.AddScoped<IOperatorCommand, RotateDataKeys>().AddScoped<IOperatorCommand, DestroyDataKeys>().AddScoped<IOperatorCommand, StartEncryption>();
    }
}
