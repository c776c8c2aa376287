using System.ComponentModel.DataAnnotations;
using Limits = MedCor.Contracts.Identity.SignInPolicy;

namespace MedCor.Identity.Hospitals;

/// <summary>Holds the rules by which platform administrators sign in, whom no hospital's rules concern. Section <c>Identity</c>.</summary>
internal sealed class PlatformPolicyOptions
{
    /// <summary>Gets or sets how many minutes ago a platform administrator who calls a dangerous tool may have logged in; null for any time.</summary>
    [Range(Limits.MinStepUpMinutes, Limits.MaxStepUpMinutes, ErrorMessage = "Identity__PlatformStepUpMinutes must be between 1 and 1440 minutes.")]
    public int? PlatformStepUpMinutes { get; set; }
}
