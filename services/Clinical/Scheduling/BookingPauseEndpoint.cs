using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Contracts.Identity;
using MedCor.Platform.Calls;
using MedCor.Platform.Tenancy;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;

namespace MedCor.Clinical.Scheduling;

/// <summary>Maps the endpoint that receives <see cref="PauseBookings"/> from other services.</summary>
internal static class BookingPauseEndpoint
{
    internal static void MapBookingPauses(this WebApplication app) =>
        // The gateway does not forward this path.
        app.MapPost(PauseBookings.Path, async (HttpContext http, TokenValidator tokens, TenantContext tenancy, BookingPauses pauses) =>
        {
            var caller = await tokens.AuthenticateAsync(http);
            if (!caller.IsOneOf(Callers.Admins)) throw new Forbidden("Only administrators make changes that pause bookings.");
            var request = ParameterReader<PauseBookings>.Read(await http.ReadBodyAsync());
            // The scope of the change that the pause precedes.
            caller.RequireScope(ToolCatalogue.ByParameterType[request.UserId is null ? typeof(UpdateHospital) : typeof(UpdateUser)].Scope);
            if (caller.HospitalId is { } hospitalId && hospitalId != request.HospitalId) throw new NotFound("hospital");
            tenancy.Enter(caller);
            return Results.Json(await pauses.BeginAsync(request, http.RequestAborted), Json.Options);
        });
}
