"""A bill of materials in CycloneDX 1.6 (ECMA-424), JSON, made of an archive alone."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from hyperpersonal_sdk.checks import Reading
from hyperpersonal_sdk.checks.packages import Package, packages
from hyperpersonal_sdk.hpx import Archive
from packageurl import PackageURL


def bill(archive: Archive, at: datetime) -> bytes:
    """The bill of an archive; `at`: when it was published."""
    said = archive.manifest
    whole = Component(
        name=said.id,
        version=said.version,
        type=ComponentType.APPLICATION,
        bom_ref=f"{said.id}@{said.version}",
        description=said.description,
        licenses=[LicenseFactory().make_from_string(said.licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=archive.digest[7:])],
    )
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, archive.digest),
        metadata=BomMetaData(component=whole, timestamp=at),
    )
    for package in packages(Reading(archive)):
        part = _component(package)
        bom.components.add(part)
        bom.register_dependency(whole, [part])
    return JsonV1Dot6(bom).output_as_string(indent=2).encode()


def _component(package: Package) -> Component:
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.path}#{package.name}@{package.version}",
        purl=PackageURL("pypi", name=package.name, version=package.version),
        licenses=[LicenseFactory().make_from_string(text) for text in package.licences[:1]],
    )
